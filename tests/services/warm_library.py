"""Imported by a warm Python whose programs have this project's own code: what all begin with.

What the warm parent of runs and a child that reads models try first is done, and each that is
forked would do it again.
"""

from __future__ import annotations

import sys

import consulting.cli
import consulting.components.consultancy.component
import consulting.components.engagement.component  # noqa: F401 - for the programs
from consulting.cleaning import models, rehearsal
from consulting.resources import warm

warm.import_all()
sys.modules.pop("consulting.defs", None)  # of the first project: a program has its own
warm.work_out()
models._have_dbt()
rehearsal.rehearse_dbt = models.rehearse_dbt = lambda: None
