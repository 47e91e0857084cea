"""What a client's files hold, what is wrong with them, and what changed since the last ones."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
