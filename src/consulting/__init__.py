"""A data consultancy's recurring engagements: a client is one folder with one `defs.yaml`.

What is named here may be imported, subclassed and overridden (docs/api.md); all else may change.
"""

import os
import time

import lazy_loader

# no byte of a delivery depends on where the machine stands, nor does what is started from here
os.environ["TZ"] = "UTC"
time.tzset()

# loading one name does not load what the others need
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
