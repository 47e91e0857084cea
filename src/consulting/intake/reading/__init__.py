"""Reading a client's files: every format to rows of text, with every decision on record.

`ReadingApart` reads files into the run folder, in a child process, with `read_file`; `load_raw`
builds the raw tables from there.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
