"""A change of the models is tried on the last files: told what it does, and nothing is touched."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from consulting.chain.preview import Preview, previews
from consulting.errors import CleaningError, DeliveryError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import World

CODES = "            DE: [Germany, Deutschland]\n"


@pytest.fixture
def changed(master: World, tmp_path: Path) -> World:
    """Acme after its delivery, with models of its own to change."""
    dbt = shutil.copytree(master.dbt_dir, tmp_path / "dbt")
    world = master.copy(tmp_path / "data")
    world.dbt_dir = dbt
    return world


def edit(world: World, old: str, new: str) -> None:
    """What the engineer saves."""
    path = world.dbt_dir / "models/clients/acme_corp/customers.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def held(world: World) -> dict[str, str]:
    """All that is held, byte for byte, but for the log of who looked, and SQLite's of readers."""
    return {
        str(path.relative_to(world.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(world.root.rglob("*"))
        if path.is_file() and path.name not in {"access.jsonl", "ledger.db-shm"}
    }


def account(found: Preview) -> dict[str, tuple[int, int]]:
    (customers,) = found.feeds
    return {
        name: (getattr(customers, name).then, getattr(customers, name).now)
        for name in ("received", "delivered", "rejected", "merged")
    }


@pytest.mark.slow
def test_each_save_is_tried_on_the_last_files_and_nothing_is_touched(changed: World) -> None:
    before = held(changed)
    (delivery,) = changed.deliveries()
    with previews(changed.engagement) as tried:
        same = tried()
        assert account(same)["delivered"][0] == account(same)["delivered"][1]
        assert (same.batch_id, same.refused) == (delivery, None)
        assert same.differences is not None
        assert [each.altered + each.added for each in same.differences.tables] == [0]
        assert {test.then for test in same.tests} <= {"warn"}, "what is as it was passes unsaid"

        edit(changed, CODES, f"{CODES}            XA: [Atlantis]\n            MU: [Mu]\n")
        more = tried("customers")
        moved = account(more)
        assert moved["delivered"][1] == moved["delivered"][0] + 2
        assert moved["rejected"][1] == moved["rejected"][0] - 2
        assert more.differences is not None
        (table,) = more.differences.tables
        assert (table.added, table.altered) == (2, 0)
        assert [cause.kind for cause in more.differences.causes] == ["rules"]
        said = list(more.in_words())
        assert any(line.startswith("customers: 0 of ") and ", 2 new" in line for line in said)
        assert said[-1] == "It would be delivered."

        edit(changed, "rule: to_money, decimal: either", "rule: to_text, prefix: EUR")
        with pytest.raises(CleaningError, match="prefix"):
            tried()
        edit(changed, "rule: to_text, prefix: EUR", "rule: to_text")
        text = tried()
        assert text.differences is not None
        assert "lifetime_value" in text.differences.tables[0].retyped

        edit(changed, "min: 2000-01-01", "min: 2024-06-01")
        assert account(tried())["rejected"][1] == moved["received"][1]
    assert held(changed) == before


def test_where_no_file_was_read_yet_it_says_how_to_begin(world: World) -> None:
    with pytest.raises(DeliveryError, match=r"(?s)acme_corp: no file was read.*--sample"):
        previews(world.engagement).__enter__()
