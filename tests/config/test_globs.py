"""What two globs have in common is what intake would take for both; asked of intake itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.config.engagement import EngagementConfig
from consulting.config.globs import covers, overlap
from consulting.intake.matching import FeedMatcher
from consulting.intake.records import FeedPattern

NOW = datetime(2026, 11, 3, tzinfo=UTC)
PIECES = st.sampled_from(
    ["a", "b", "B", "1", ".", "*", "?", "[ab]", "[!a]", "[a-c]", "[", "]", "é"]
)
GLOBS = st.lists(PIECES, min_size=1, max_size=5).map("".join)
ON_PATHS = st.builds("{}/{}".format, GLOBS, GLOBS) | GLOBS
NAMES = st.text("abcB1.z[é/", min_size=1, max_size=6).filter(lambda name: name[-1] != "/")


def fits(glob: str, key: str) -> bool:
    return FeedMatcher([FeedPattern(name="f", glob=glob)], None).match(key, NOW).feed is not None


@given(one=ON_PATHS, two=ON_PATHS, key=NAMES)
def test_no_file_that_intake_would_take_for_both_is_overlooked(
    one: str, two: str, key: str
) -> None:
    example = overlap(one, two)
    if example is None:
        assert not (fits(one, key) and fits(two, key))
    else:
        assert fits(one, example)
        assert fits(two, example)
    if covers(one, two) and fits(two, key):
        assert fits(one, key)
    assert covers(one, one)
    if covers(one, two):
        assert len(overlap(one, two) or "") == len(overlap(two, two) or "")


@pytest.mark.parametrize(
    ("one", "two", "example"),
    [
        ("orders_*.csv", "*_2024.csv", "orders_2024.csv"),
        ("orders*.csv", "customers*.csv", None),
        ("*.csv", "*.xlsx", None),
        ("in/*", "*.csv", "in/.csv"),
        ("in/a*", "out/*", None),
        ("[a-c]*", "[!a-c]*", None),
        ("Kunden*", "*KUNDEN", "kunden"),
        ("*a" + "?" * 40, "*b" + "?" * 40, None),
    ],
)
def test_a_shortest_name_that_both_fit_is_found(one: str, two: str, example: str | None) -> None:
    assert overlap(one, two) == example


@pytest.mark.parametrize(
    ("globs", "told"),
    [
        (["orders_*.csv", "*_2024.csv"], 1),
        (["orders_*.csv", "*.csv"], 0),  # the narrow one first: meant
        (["orders*", "customers*", "*rs_2024*"], 2),
    ],
)
def test_globs_that_fit_the_same_names_are_told_unless_the_narrow_one_stands_first(
    globs: list[str], told: int
) -> None:
    feeds: list[dict[str, Any]] = [
        {"name": f"f{number}", "files": glob} for number, glob in enumerate(globs)
    ]
    config = EngagementConfig.model_validate({"client_name": "Acme", "feeds": feeds})
    doubts = list(config.doubts())
    assert len(doubts) == told
    for path, doubt in doubts:
        assert path == ("feeds", len(globs) - 1, "files")
        assert "stands first and gets those files" in doubt


def test_a_folder_and_a_password_that_are_not_here_are_told() -> None:
    feed = {"name": "orders", "files": "*.xlsx", "password_variable": "NOBODY_SET_THIS"}
    config = EngagementConfig.model_validate(
        {"client_name": "Acme", "feeds": [feed], "source": {"type": "local", "folder": "/no/x"}}
    )
    assert dict(config.doubts()) == {
        ("source", "folder"): "'/no/x' is no folder here, so no file would be found.",
        ("feeds", 0, "password_variable"): (
            "NOBODY_SET_THIS is not set here; protected files need it."
        ),
    }
