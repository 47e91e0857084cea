"""Thin Dagster resources over the rooms below."""
