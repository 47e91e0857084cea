"""What the client opens: the delivery, built whole or not at all, and the same every time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
