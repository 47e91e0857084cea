"""Cleaning: a client's dbt models, run over what intake has loaded, every row accounted for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
