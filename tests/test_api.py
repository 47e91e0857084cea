"""The public surface is a list: `consulting.__all__`; docs/api.md says what each name is for."""

import re
from pathlib import Path

import consulting

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
NAMES = [
    "Client",
    "ClientsComponent",
    "ColumnRule",
    "ConsultancyComponent",
    "ConsultingError",
    "EngagementComponent",
    "Project",
    "Source",
    "Store",
    "load_consultancy",
    "load_project",
    "load_shard",
]
BUILDS = [
    "build_assets",
    "build_cleaned",
    "build_defs",
    "build_delivered",
    "build_file_received",
    "build_job",
    "build_profiled",
    "build_schedules",
    "build_sensor",
    "build_validated",
]


def test_what_may_be_imported_is_this() -> None:
    assert consulting.__all__ == NAMES
    for name in NAMES:
        assert getattr(consulting, name).__name__ == name


def test_what_may_be_overridden_is_this() -> None:
    found = vars(consulting.EngagementComponent)
    assert sorted(name for name in found if name.startswith("build_")) == BUILDS


def test_the_page_lists_the_same_names() -> None:
    told = re.findall(r"^\| `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [*NAMES, *sorted(BUILDS, key=told.index)]
