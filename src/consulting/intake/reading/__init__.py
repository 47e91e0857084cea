"""Reading a client's files: every format to rows of text, with every decision on record.

`read_file` reads one file into the run folder; `load_raw` builds the raw tables from there.
"""

from consulting.intake.reading.corrections import corrections_options
from consulting.intake.reading.options import Door, ReadOptions
from consulting.intake.reading.reader import read_file
from consulting.intake.reading.warehouse import load_raw

__all__ = ["Door", "ReadOptions", "corrections_options", "load_raw", "read_file"]
