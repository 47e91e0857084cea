"""Imported by a warm Python whose programs have this project's own code: what runs begin with.

What the warm parent of runs would try first is done, and each that is forked would do it again.
"""

from __future__ import annotations

from consulting.cleaning import rehearsal
from consulting.resources.warm import import_all

import_all()
rehearsal.rehearse_dbt()
rehearsal.rehearse_dbt = lambda: None
