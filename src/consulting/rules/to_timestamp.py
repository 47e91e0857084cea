"""Days with a time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from consulting.rules import dates
from consulting.rules.rule import OUT_OF_BOUNDS
from consulting.rules.to_date import AMBIGUOUS, WithFormats

_HOUR = re.compile("%[HI]")


class ToTimestamp(WithFormats):
    """The moment in UTC where a zone is written, the time as it stands where none is."""

    what: ClassVar = "date and time"
    name: ClassVar = "to_timestamp"
    makes: ClassVar = "timestamp; in UTC where a zone is written"
    types: ClassVar = ("timestamp",)
    reasons: ClassVar = {
        "not_a_timestamp": "{} is not a date with a time",
        **AMBIGUOUS,
        **OUT_OF_BOUNDS,
    }
    sql: ClassVar = ("dates.sql", "to_timestamp.sql")
    of_bare: ClassVar = "timestamp_of"
    cases: ClassVar = tuple(
        ({"formats": [pattern]}, text, datetime.fromisoformat(want) if want else "not_a_timestamp")
        for pattern, text, want in (
            ("%Y-%m-%d %H:%M:%S%z", "2024-02-11 01:15:11 UTC", "2024-02-11 01:15:11"),
            ("%Y-%m-%d %H:%M:%S%z", "2024-02-11 01:15:11 -0500", "2024-02-11 06:15:11"),
            ("%Y-%m-%d %H:%M:%S.%f%z", "2024-02-11 01:15:11.001+00", "2024-02-11 01:15:11.001"),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-02T01:30:01Z", "2024-03-02 01:30:01"),
            ("%d.%m.%Y", "2024-02-11 01:15:11.123", "2024-02-11 01:15:11.123"),
            ("%d.%m.%Y", "2024-02-11T01:15:11,123", "2024-02-11 01:15:11.123"),
            ("%Y-%m-%dT%H:%M:%S.%f", "2024-02-02T01:01:07.0000019", "2024-02-02 01:01:07.000001"),
            ("%Y-%m-%dT%H:%M:%S.%f", "2024-02-02T01:01:07,123456789", "2024-02-02 01:01:07.123456"),
            ("%m/%d/%Y %I:%M %p", "2/3/2024 2:05 p.m.", "2024-02-03 14:05:00"),
            ("%m/%d/%Y %I:%M%p", "2/3/2024 2:05PM", "2024-02-03 14:05:00"),
            ("?/?/%Y %H:%M", "13/4/2024 14:05", "2024-04-13 14:05:00"),
            ("excel", "45352.0625833333", "2024-03-01 01:30:07"),
            ("epoch", "1709340000", "2024-03-02 00:40:00"),
            ("epoch", "1709340000.25", "2024-03-02 00:40:00.25"),
            ("epoch_ms", "1709340000123", "2024-03-02 00:40:00.123"),
            ("epoch_us", "1709340000123456", "2024-03-02 00:40:00.123456"),
            ("epoch", "1709340000123", None),
            ("%Y%m%d%H%M%S", "20240302013001", "2024-03-02 01:30:01"),
            ("%Y%m%d%H%M%S", "2024030201301", None),
            ("%Y%m%d%H%M", "202403020130", "2024-03-02 01:30:00"),
            ("%Y%m%dT%H%M%S%z", "20240302T013001Z", "2024-03-02 01:30:01"),
            ("%Y%m%dT%H%M%S%z", "20240302T013001+0100", "2024-03-02 00:30:01"),
            ("%Y-%m-%d %H:%M:%S", "2024-02-11 01:15:11 UTC", None),
            ("%Y-%m-%dT%H:%M:%S", "2024-01-05T25:00:00", None),
        )
    )

    def in_words(self, pattern: str) -> str:
        """One of its formats as people write it; behind one of a day a time is read, too."""
        told = super().in_words(pattern)
        dated = pattern not in dates.COUNTED and not _HOUR.search(pattern)
        return f"{told} hh:mm:ss" if dated else told
