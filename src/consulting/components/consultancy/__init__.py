"""What all clients share, as Dagster definitions."""
