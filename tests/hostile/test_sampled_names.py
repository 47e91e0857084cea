"""A sample below tier 3: what strangers called their files names no feed, model, glob or letter."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.chain.sampled import take_sample
from consulting.components.engagement import first_files
from consulting.config.naming import name_feeds
from consulting.privacy import Names

from ..canary import sightings, sightings_in
from ..chain.test_sampled import TYPE, place_at
from .test_strangers import CANARIES, CELL, DAY, FILE, MEMBER, TITLE, a_zip

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = {
    f"orders_{FILE}_{DAY}.csv": f"id,amount,{TITLE}\n1,7,{CELL}\n2,8,{CELL}\n",
    f"{MEMBER}/orders {FILE.lower()}.csv": "id,city,zone,{{ env_var('HOME') }}\n1,a,b,3\n2,c,d,4\n",
    f"bad {FILE}.zip": a_zip(f"{MEMBER}.csv", f"{MEMBER} 2.csv"),
}


@pytest.mark.parametrize("tier", [1, 2])
def test_no_name_of_a_stranger_is_written_or_told(tier: int, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    for name, content in SAMPLE.items():
        path = mail / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    said: list[str] = []
    attributes = {"client_name": "Globex", "security_tier": tier}
    found = take_sample(mail, "globex", attributes, place_at(tmp_path), log=said.append)
    asked = first_files.questions_md(found)
    written = [first_files.defs_yaml(TYPE, "globex", found), asked]
    written += [first_files.readme_md("globex", found), *found.fixtures.values()]
    written += first_files.account_lines(found)
    assert found.refused is None
    assert sightings_in("\n".join([*written, *said]), CANARIES) == []
    places = [tmp_path / each for each in ("dbt", "clients", "data")]
    assert sightings(places, CANARIES) == []
    kinds = sorted(feed.name for feed in found.feeds)
    # the two files of the zip, and two that are named alike and have other columns
    assert kinds == ["data", "data_2", "orders", "orders_csv"]
    assert "env_var" not in "".join(path.read_text() for path in found.written)


PEOPLE = st.sampled_from(
    ["Schickelgruber", "Zauberhuber", "Ada Lovelace", "Jürgen_Müller", "1980-03-04"]
)
KINDS = st.sampled_from(["orders", "customers", "price list"])
PATHS = st.tuples(KINDS, PEOPLE, st.sampled_from(["_", " ", "-", ""]), st.booleans()).map(
    lambda made: (
        f"{made[1]}{made[2] or ' '}{made[0]}.csv" if made[3] else f"{made[0]}_{made[1]}.csv"
    )
)


@given(st.lists(PATHS, min_size=1, max_size=6, unique=True), st.booleans())
def test_what_is_not_told_is_left_open_and_each_file_is_still_of_one_feed(
    paths: list[str],
    apart: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    names = Names(hidden=True)
    blanked = {names.blanked(path): path for path in paths}
    feeds = name_feeds(blanked, apart=str) if apart else name_feeds(blanked)
    told = " ".join(f"{feed.name} {feed.glob}" for feed in feeds).casefold()
    for word in ("schickel", "zauber", "lovelace", "ller", "1980"):
        assert word not in told
    for path in blanked.values():
        fits = [f for f in feeds if fnmatch.fnmatchcase(path.casefold(), f.glob.casefold())]
        assert names.blanked(path) in fits[0].files
