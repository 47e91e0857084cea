"""Headers of every kind, the whole way: profiled, proposed, built, tested and delivered."""

from __future__ import annotations

import csv
import io
import uuid
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from parsed_once import lay_shared

from consulting import chain
from consulting.chain.artifacts import Checks, Cleaning, Profile
from consulting.cleaning import write_feed_models
from consulting.profiling import propose_columns

from .conftest import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.delivery import Delivery

POSTGRESQL = """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
boolean both case cast char character check coalesce collate collation column concurrently
constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest group grouping having
ilike in initially inner inout int integer intersect interval into is isnull join json json_array
json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
json_table json_value lateral leading least left like limit localtime localtimestamp merge_action
national natural nchar none normalize not notnull null nullif numeric offset on only or order out
outer overlaps overlay placing position precision primary real references returning right row
select session_user setof similar smallint some substring symmetric system_user table tablesample
then time timestamp to trailing treat trim true union unique user using values varchar variadic
verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest
xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
""".split()  # noqa: SIM905 - a list of words is read as text
"""`pg_get_keywords()` of PostgreSQL, but for those that it takes bare; see
`tests/rules/test_postgres.py`."""
ODD = [
    '"', '""', "'", 'a "b"', "a;b", "a.b.c", "a b", "😀", "日本語", "naïve name", "x" * 300,
    "x" * 300 + "y", "Same", "SAME", "same", "Straße", "STRASSE", "e-mail", "e mail", "E_Mail",
    "{{ env_var('CANARY') }}", "{% for x in range(9) %}", "{# #}", "}}", "{{first_name}}",
    "a\nb", "a\u2028b", "a\\b", "\\N", "--", "/*", "$1", "%s", "*", "?", "-x", "=1+1", "#", ":",
    "- a", "no", "yes", "null", "true", "~", "1", "0x1F", "1e5", "<b>", "[a](b)", "_file", "_row",
    "_row_id", "_reason", "_reasons", "_found", "_blanked", "_text_a", "_value_a", "column",
    "column_2", " lead", "1st", "_id", "value%",
]  # fmt: skip
ROWS = 40
_UNIQUE = 12
"""So many columns have a value of its own in each row; the others have gaps."""


def reserved() -> list[str]:
    """The words that DuckDB or PostgreSQL do not take bare, as clients write them."""
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    words = sorted({word for (word,) in duckdb.sql(query).fetchall()} | {*POSTGRESQL})
    first = ["order", "from", "to", "group", "case", "end", "desc", "at", "user"]
    return [*(word.capitalize() for word in first), *(w for w in words if w not in first)]


WORDS = st.sampled_from([*reserved(), *ODD, "Amount", "First name", "Größe", "Città"])
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=40
)
MIXED = st.lists(
    st.one_of(st.sampled_from("\"'.;,:{}[]()%#$@!?*&\\/|<>=+-_~^` \t\n😀é\u00a0\u200b"), WORDS),
    min_size=1,
    max_size=6,
).map("".join)
LONG = st.builds(lambda text, n: (text * 300)[:n], TEXTS, st.integers(200, 300))


@st.composite
def headers(draw: st.DrawFn) -> list[str]:
    """A file's headers: keywords, signs and any text; some beside others that are nearly alike."""
    found = draw(st.lists(st.one_of(WORDS, MIXED, TEXTS, LONG), min_size=12, max_size=40))
    for header in draw(st.lists(st.sampled_from(found), max_size=8)):
        alike = st.sampled_from([str.upper, str.lower, str.title, str.swapcase])
        found.append(draw(st.one_of(alike, st.just(lambda h: f"{h}!"), st.just(str)))(header))
    # a row of headers is told by its words; what stands alone in a file of numbers is another test
    return ["Customer name", *found]


def text_of(names: Sequence[str]) -> str:
    """Forty rows, a value of its own in each cell of the first columns, and gaps in the others."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for row in range(ROWS):
        cells = [f"v{row}x{column}" for column in range(len(names))]
        writer.writerow(
            cells[:_UNIQUE] + [cell if row % 9 else "" for cell in cells[_UNIQUE:]]
        )  # fmt: skip
    return out.getvalue()


def deliver(root: Path, files: dict[str, list[str]]) -> tuple[World, Delivery]:
    """One run of a client: what is proposed after its profile is what it is cleaned with."""
    lay_shared(root / "dbt")
    feeds = [{"name": name, "files": f"{name}*.csv"} for name in files]
    world = World(root / "data", dbt_dir=root / "dbt", feeds=feeds)
    for name, names in files.items():
        world.drop(f"{name}_1.csv", text_of(names))
    run_id = uuid.uuid4().hex
    batch_id = world.receive(run_id).batch.batch_id
    chain.profile(world.engagement, batch_id=batch_id, run_id=run_id, log=world.said.append)
    path = next(world.folder.root.rglob("profile.json"))
    for profile in Profile.model_validate_json(path.read_bytes()).profiles:
        columns = propose_columns(profile)
        write_feed_models(root / "dbt", world.client_id, profile.feed, columns)
    return world, world.after_receive(run_id, batch_id, begin="clean")


def compare(world: World, delivery: Delivery, feed: str, names: Sequence[str]) -> None:
    """Each header is delivered under a name of its own, with its own values."""
    folder = world.folder.run(delivery.delivery_id)
    cleaning = Cleaning.model_validate_json((folder / "cleaning.json").read_bytes())
    mapped = [m for m in cleaning.mappings if m.feed == feed]
    [account] = [a for a in cleaning.accounts if a.feed == feed]
    assert (account.received, account.delivered) == (ROWS, ROWS), names
    assert len(mapped) == len({m.target_column for m in mapped}) == len(names), names
    table = pq.read_table(delivery.path / "tables" / f"{feed}.parquet").to_pylist()
    assert list(table[7].values()) == [f"v7x{column}" for column in range(len(names))], names
    path = world.folder.run(delivery.delivery_id) / "checks.json"
    checks = Checks.model_validate_json(path.read_bytes()).checks
    assert {check.status for check in checks} == {"pass"}, names
    tested = {check.column for check in checks if check.model == feed}
    assert {m.target_column for m in mapped[:_UNIQUE]} <= tested, names


FILES = {"order": reserved(), "no": ODD}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Delivery]:
    """A client whose feeds are called like keywords, delivered."""
    return deliver(tmp_path_factory.mktemp("odd"), FILES)


@pytest.mark.parametrize("feed", FILES)
def test_each_header_is_delivered_under_a_name_of_its_own(
    odd: tuple[World, Delivery], feed: str
) -> None:
    world, delivery = odd
    compare(world, delivery, feed, FILES[feed])
    folder = world.folder.run(delivery.delivery_id)
    cleaning = Cleaning.model_validate_json((folder / "cleaning.json").read_bytes())
    read = [m.source_columns[0] for m in cleaning.mappings if m.feed == feed]
    # a header that is there already, or is ours, has a number put behind it where it is read
    same = [one for one, header in zip(read, FILES[feed], strict=True) if one == header]
    assert len(same) >= len(FILES[feed]) - 12


def test_what_a_header_asks_for_is_nowhere(odd: tuple[World, Delivery]) -> None:
    world, _ = odd
    yaml = (world.dbt_dir / "models" / "clients" / world.client_id / "no.yml").read_text()
    assert '"{{ \\"{{ env_var(\'CANARY\') }}\\" }}"' in yaml


ALIKE = ["Customer name", *["Order"] * 12]
"""The simplest headers that can be drawn, which are tried beside others that are not."""


@settings(
    max_examples=1,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],  # each example is a whole run, and its message holds the headers
)
@given(st.lists(headers(), min_size=2, max_size=2))
def test_any_headers_are_delivered_under_names_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]]
) -> None:
    assume(ALIKE not in files)
    named = dict(zip(("select", "group", "where"), [*files, ALIKE], strict=True))
    world, delivery = deliver(tmp_path_factory.mktemp("any"), named)
    for feed, names in named.items():
        compare(world, delivery, feed, names)
