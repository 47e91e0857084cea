"""All clients on one page: who is late, who is in trouble, and how the quality goes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
