"""Which source column became which delivered column: the YAML read back, and the SQL's lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.lineage import AS_IT_IS, Lineage
from consulting.cleaning.models import declared_columns, feeds_of, read_columns
from consulting.cleaning.rules import told
from consulting.records import ColumnMapping
from consulting.rules import column_rule, headers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from consulting.cleaning.warehouse import Tables
    from consulting.records import FileReading, Written
    from consulting.rules import ColumnRule

_ONLY_IN_STAGING = "read for a check or a rule; not part of the delivered tables"


def column_mappings(
    manifest: dict[str, Any],
    tables: Tables,
    readings: Sequence[FileReading],
    *,
    harmless: Collection[tuple[str, str]],
    compiled: Mapping[str, str] | None = None,
) -> list[ColumnMapping]:
    """Map every source column to what became of it, and every delivered column to its sources.

    Args:
        manifest: The client's slim manifest.
        tables: Of the client's database after dbt ran.
        readings: What intake read: the source columns that were really there.
        harmless: Feed and source column of all that hold no personal data, by the profile.
        compiled: `DbtRun.compiled`; without it, hand-written SQL is read from its file, which is
            enough where it uses no macros but `ref` and `source`.

    Returns:
        By feed: mapped columns in the order of the delivered table, hand-written tables that use
        the feed, then dropped columns. A source column that is neither mapped nor dropped with a
        reason has neither `target_table` nor `dropped_because`: it is unaccounted for.
    """
    marts = tables.in_schema("marts")
    lineage = Lineage(manifest, tables, compiled or {})
    tests = _tests_by_column(manifest)
    feeds = sorted({*feeds_of(manifest), *(reading.feed for reading in readings)})
    mappings: list[ColumnMapping] = []
    for feed in feeds:
        present = frozenset(c.casefold() for r in readings if r.feed == feed for c in r.columns)
        mappings += _declared(
            manifest, feed, marts.get(feed, {}), lineage, tests, present, harmless
        )
    mappings += _traced(manifest, marts, lineage, tests)
    mappings += _left_over(manifest, readings, mappings)
    order = {feed: number for number, feed in enumerate(feeds)}
    return sorted(mappings, key=lambda m: (order[m.feed], _rank(m)))


def _rank(mapping: ColumnMapping) -> int:
    if mapping.target_table is None:
        return 2 if mapping.dropped_because is None else 3
    return 0 if mapping.target_table == mapping.feed else 1


def _declared(  # noqa: PLR0913, PLR0917 - all that is said of one column comes together here
    manifest: dict[str, Any],
    feed: str,
    mart: Mapping[str, str],
    lineage: Lineage,
    tests: Mapping[tuple[str, str], tuple[str, ...]],
    present: frozenset[str],
    harmless: Collection[tuple[str, str]],
) -> list[ColumnMapping]:
    """The columns of the feed's own table that its YAML reads from a source column."""
    rules = {name: column_rule(meta) for name, meta in read_columns(manifest, feed).items()}
    return [
        ColumnMapping(
            feed=origin,
            source_columns=sources,
            target_table=feed,
            target_column=name,
            target_type=kind,
            rule=rule,
            transformation=words,
            written=written,
            required=rules[name].required,
            tests=tests.get((feed, name), ()),
        )
        for name, kind in mart.items()
        if name in rules
        for origin, sources, rule, words, written in _made_by(
            lineage, feed, name, rules[name], present, harmless
        )
    ]


def _present(headers: Sequence[str], present: frozenset[str]) -> tuple[str, ...]:
    """Of a column's names those that the files have; all where they have none."""
    return tuple(name for name in headers if name.casefold() in present) or tuple(headers)


def _made_by(  # noqa: PLR0913, PLR0917 - as above
    lineage: Lineage,
    feed: str,
    column: str,
    rule: ColumnRule,
    present: frozenset[str],
    harmless: Collection[tuple[str, str]],
) -> list[tuple[str, tuple[str, ...], str, str, Written | None]]:
    """Feed, sources, rule, words and what it reads: the SQL's own where SQL took it over."""
    sources = _present(rule.sources, present)
    traced = lineage.taken_over(feed, column)
    by_rule = not lineage.is_written(f"stg_{feed}") and (
        traced is None
        or (set(traced.sources) == {feed} and set(traced.sources[feed]) <= set(rule.sources))
    )
    said = told(rule, harmless=all((feed, source) in harmless for source in sources))
    if traced is None or (by_rule and traced.expression == AS_IT_IS):
        return [(feed, sources, rule.rule, said, rule.written())]
    words = f"{said}; then {traced.expression}" if by_rule else traced.expression
    written = rule.written() if by_rule else None
    return [(origin, found, "sql", words, written) for origin, found in traced.sources.items()]


def _traced(
    manifest: dict[str, Any],
    marts: Mapping[str, Mapping[str, str]],
    lineage: Lineage,
    tests: Mapping[tuple[str, str], tuple[str, ...]],
) -> list[ColumnMapping]:
    """The columns that hand-written SQL makes, with the source columns its lineage leads to."""
    mappings: list[ColumnMapping] = []
    for table, columns in marts.items():
        declared = read_columns(manifest, table)
        for name, kind in columns.items():
            if name in declared or name.startswith("_"):
                continue
            traced = lineage.trace(table, name)
            for feed, sources in traced.sources.items():
                mappings.append(
                    ColumnMapping(
                        feed=feed,
                        source_columns=sources,
                        target_table=table,
                        target_column=name,
                        target_type=kind,
                        rule="sql",
                        transformation=traced.expression,
                        tests=tests.get((table, name), ()),
                    )
                )
    return mappings


def _left_over(
    manifest: dict[str, Any], readings: Sequence[FileReading], mapped: Sequence[ColumnMapping]
) -> list[ColumnMapping]:
    """The source columns that are in no delivered table, with the reason if there is one."""
    used = {(m.feed, source.casefold()) for m in mapped for source in m.source_columns}
    reasons = _drop_reasons(manifest)
    present = {feed: dict.fromkeys(names) for feed, names in declared_columns(manifest).items()}
    for feed in {reading.feed for reading in readings}:
        names = (name for r in readings if r.feed == feed for name in r.columns)
        present[feed] = dict.fromkeys(names)
    return [
        ColumnMapping(
            feed=feed,
            source_columns=(name,),
            transformation="not delivered",
            dropped_because=reasons.get((feed, name.casefold())),
        )
        for feed, names in present.items()
        for name in names
        if (feed, name.casefold()) not in used
    ]


def _drop_reasons(manifest: dict[str, Any]) -> dict[tuple[str, str], str]:
    reasons: dict[tuple[str, str], str] = {}
    for feed in feeds_of(manifest):
        for meta in read_columns(manifest, feed).values():
            for header in headers_of(meta):
                reasons[feed, header.casefold()] = _ONLY_IN_STAGING
    for source in manifest["sources"].values():
        for column in source["columns"].values():
            if reason := column["meta"].get("dropped_because"):
                reasons[source["identifier"], column["name"].casefold()] = str(reason)
    return reasons


def _tests_by_column(manifest: dict[str, Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("column_name"):
            model = (node.get("attached_node") or "").split(".")[-1]
            name = node.get("test_metadata", {}).get("name", node["name"])
            severity = node["config"].get("severity", "ERROR").lower()
            shown = f"{name} (warns)" if severity == "warn" else name
            found.setdefault((model, node["column_name"]), []).append(shown)
    return {key: tuple(names) for key, names in found.items()}
