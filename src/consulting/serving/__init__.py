"""One place that shows deliveries, portfolio and alerts to browsers, and changes nothing."""

from consulting.serving.app import build_app
from consulting.serving.door import Door, Guest
from consulting.serving.shelf import Shelf

__all__ = ["Door", "Guest", "Shelf", "build_app"]
