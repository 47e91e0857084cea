"""One client's engagement as Dagster definitions."""
