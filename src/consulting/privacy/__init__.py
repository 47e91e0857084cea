"""What is personal, how it is hidden, and what the engagement's tier forbids."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
