"""Believable, messy files of three made-up clients, the same bytes every time."""

from consulting.demo.files import write_demo_files

__all__ = ["write_demo_files"]
