"""A client's files in a bucket: checked out to this machine, and put back within a fence.

The rest of the code sees a local folder. What counts is one tree of the client, which names an
object for each file; objects are never written twice, and the ledger says which tree it is.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
