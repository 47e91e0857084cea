"""Checks what a client's YAML says of its columns, when models are prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.client_files import shown_path
from consulting.cleaning.reasons import reasons_mistakes
from consulting.cleaning.slim import nodes_of
from consulting.errors import CleaningError
from consulting.privacy import is_personal
from consulting.rules import describe_rule
from consulting.rules.accepted import read_marks, read_suspicions
from consulting.rules.mistakes import nearest_of, rule_mistakes
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from consulting.rules import ColumnRule


def told(rule: ColumnRule, *, harmless: bool) -> str:
    """What a rule does, as a document may say it: values listed that name persons are counted.

    Args:
        rule: The column's rule.
        harmless: The profile's decision on the columns that it reads: none holds personal data.
    """
    codes, words = getattr(rule, "codes", None) or (), describe_rule(rule)
    lists = (
        ("one of", codes, "agreed code"),
        ("left empty:", rule.null_tokens or (), "agreed word"),
    )
    for before, values, called in lists:
        texts = [str(value) for value in values]
        if texts and not (harmless and not any(map(is_personal, texts))):
            listed = f"{before} {', '.join(texts)}"
            words = words.replace(listed, f"{before} {counted(len(texts), called)}", 1)
    return words


def listed_values(meta: dict[str, Any]) -> frozenset[str]:
    """The values that a column's meta lists itself: its codes, and what means true or false."""
    codes = meta.get("codes") or ()
    spellings = codes.values() if isinstance(codes, dict) else ()
    lists = [codes, *spellings, meta.get("means_true"), meta.get("means_false")]
    return frozenset(str(value) for listed in lists for value in listed or ())


def check_rules(manifest: dict[str, Any], dbt_dir: Path, client_id: str) -> None:
    """Check every column's meta and every dedupe of a client.

    Args:
        manifest: A slim manifest.
        dbt_dir: The dbt project, to name the line of a mistake.
        client_id: The client.

    Raises:
        CleaningError: With all mistakes, each with file, line, model and column.
    """
    mistakes = [
        f"{where_declared(source, name, dbt_dir)}: {mistake}"
        for source in manifest["sources"].values()
        for name, column in source["columns"].items()
        for mistake in _source_mistakes(column.get("meta") or {})
    ]
    for node in nodes_of(manifest):
        for column, message in _mistakes_of(node):
            mistakes.append(f"{where_declared(node, column, dbt_dir)}: {message}")
    if mistakes:
        raise CleaningError(f"{client_id}: " + "\n".join(mistakes))


def _source_mistakes(meta: dict[str, Any]) -> Iterator[str]:
    said = meta.get("contains_pii", False)
    if not isinstance(said, bool):
        yield f"`contains_pii` is {said!r}; it is true or false"
    for key, read in (("accepted", read_marks), ("suspected", read_suspicions)):
        try:
            read(meta.get(key, ()))
        except ValueError as error:
            yield f"`{key}`: {error}"


def _mistakes_of(node: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    rules: dict[str, Any] = {}
    taken: dict[str, str] = {}
    for column in node["columns"].values():
        meta = column["meta"]
        same = taken.setdefault(column["name"].casefold(), column["name"])
        if same != column["name"]:
            yield column["name"], f"is the same name as {same!r} to a database, which ignores case"
        if "from" not in meta:
            if "rule" in meta:
                yield column["name"], "has a rule, but no `from` that names the source column"
            continue
        rules[column["name"]] = meta
        if column["name"].startswith("_"):
            yield column["name"], "names that begin with _ are those of the row's origin; rename it"
        yield from ((column["name"], mistake) for mistake in rule_mistakes(meta))
    yield from _dedupe_mistakes(node["meta"].get("dedupe"), rules)
    for mistake in reasons_mistakes(node["meta"].get("reasons")):
        yield None, mistake


def _dedupe_mistakes(dedupe: Any, rules: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    if dedupe is None:
        return
    if not isinstance(dedupe, dict) or not isinstance(dedupe.get("key"), list):
        yield None, "`dedupe` needs a `key`: the list of columns that name the same thing"
        return
    if dedupe.get("keep", "latest") not in ("latest", "first"):
        yield None, f"`dedupe: keep` is {dedupe['keep']!r}; it is latest or first"
    for unknown in sorted(set(dedupe) - {"key", "keep", "order_by"}):
        yield None, f"`dedupe` has no `{unknown}`; use key, keep and order_by"
    order_by = dedupe.get("order_by", [])
    for column in [*dedupe["key"], *([order_by] if isinstance(order_by, str) else order_by)]:
        if column not in rules:
            yield None, f"`dedupe` names the column {column!r}{nearest_of(column, rules)}"


def where_declared(node: dict[str, Any], column: str | None, dbt_dir: Path) -> str:
    """Return where YAML says it: `dbt/models/clients/acme/orders.yml, line 12, orders.amount`."""
    name = f"{node['name']}.{column}" if column else node["name"]
    path = (node.get("patch_path") or "").split("://")[-1] or node["original_file_path"]
    file = dbt_dir / path
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    line = _line_of(lines, node["name"], column)
    return f"{shown_path(path)}{f', line {line}' if line else ''}, {name}"


def _line_of(lines: list[str], model: str, column: str | None) -> int | None:
    start = _first(lines, 0, lambda text: text in (f"- name: {model}", f"name: {model}"))
    if start is None or column is None:
        return None if start is None else start + 1
    found = _first(lines, start + 1, lambda text: text in (f"- name: {column}", f"name: {column}"))
    return None if found is None else found + 1


def _first(lines: list[str], start: int, is_it: Callable[[str], bool]) -> int | None:
    numbers = (i for i in range(start, len(lines)) if is_it(lines[i].strip().replace('"', "")))
    return next(numbers, None)
