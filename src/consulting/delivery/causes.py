"""Why two deliveries differ: what their manifests say they were made from and with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    Manifest = Mapping[str, Any]

_MOST_FILES = 3
_COLUMN_FACTS = {"from": "read from", "rule": "rule", "transformation": "done"}


class Cause(Record):
    """One thing that is not the same.

    Attributes:
        kind: What it is of.
        what: The thing, in words that follow "was made with".
        details: Which of it, as far as the manifests say; a sentence each, without an end.
    """

    kind: Literal["code", "rules", "config", "library", "files", "corrections"]
    what: str
    details: tuple[str, ...] = ()


def causes(old: Manifest, new: Manifest) -> Iterator[Cause]:
    """What two deliveries were made with and from that is not the same.

    Args:
        old: The manifest of one.
        new: The manifest of the other.
    """
    before, after = old["fingerprints"], new["fingerprints"]
    if old["manifest_version"] != new["manifest_version"]:
        version = old["manifest_version"]
        yield Cause(
            kind="code", what=f"another release of this program (manifest version {version})"
        )
    elif before["code"] != after["code"]:
        stages = [
            stage for stage in after["code"] if before["code"].get(stage) != after["code"][stage]
        ]
        many = "s" if len(stages) > 1 else ""
        yield Cause(kind="code", what=f"other code of the stage{many} {', '.join(stages)}")
    if before["dbt_project"] != after["dbt_project"]:
        yield Cause(kind="rules", what="other cleaning rules", details=tuple(_rules(old, new)))
    if before["config"] != after["config"]:
        keys = differing_keys(old.get("config"), new.get("config"))
        yield Cause(kind="config", what="another configuration", details=tuple(keys))
    for name in sorted(old["versions"].keys() | new["versions"].keys()):
        one, two = old["versions"].get(name), new["versions"].get(name)
        if one != two:
            what = f"the library {name} {one or 'absent'}, now {two or 'absent'}"
            yield Cause(kind="library", what=what)
    yield from _input(old, new)


def _input(old: Manifest, new: Manifest) -> Iterator[Cause]:
    kept = _is_of_the_same(old, new)
    for kind, what in (("files", "input files"), ("corrections", "corrections")):
        before, after = (
            [file for file in each["raw_files"] if ("corrections" in file) == (kind != "files")]
            for each in (old, new)
        )
        if before != after:
            details = tuple(_files(before, after) if kept else _own_files(before, after))
            if details:
                yield Cause(kind=kind, what=f"other {what}", details=details)


def _is_of_the_same(old: Manifest, new: Manifest) -> bool:
    """Whether two deliveries are of the same period, or one is in the other's place."""
    ids = {each.get("delivery_id") for each in (old, new)}
    replaced = {each.get("supersedes") for each in (old, new)}
    if len(ids) == 1 or ids & replaced:
        return True
    return old.get("period") is not None and old["period"] == new.get("period")


def _own_files(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[str]:
    """The files by feed, now and then: of another period, or another time, none is the other's."""
    for feed in sorted({file["feed"] for file in (*before, *after)}):
        held, holds = (
            {file["filename"]: file["sha256"] for file in each if file["feed"] == feed}
            for each in (before, after)
        )
        if held.keys() != holds.keys():
            yield f"{feed}: {_named(holds)}; before {_named(held)}"
        elif held != holds:
            yield f"{feed}: {_named(holds)}, with other bytes"


def _named(files: Collection[str]) -> str:
    """The first files of some by name; and how many more there are."""
    first, more = sorted(files)[:_MOST_FILES], len(files) - _MOST_FILES
    return ", ".join([*first, *([f"{more:,} more"] if more > 0 else [])]) or "none"


def _files(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[str]:
    """The files by feed and name: new, gone, or with other bytes."""
    held, holds = (
        {(f["feed"], f["filename"]): f["sha256"] for f in each} for each in (before, after)
    )
    for feed, name in sorted(held.keys() | holds.keys()):
        one, two = held.get((feed, name)), holds.get((feed, name))
        if one != two:
            how = "is new" if one is None else "is gone" if two is None else "has other bytes"
            yield f"{feed}: {name} {how}"


def _rules(old: Manifest, new: Manifest) -> Iterator[str]:
    """The delivered columns that are made otherwise, where both manifests tell how."""
    if "columns" not in old or "columns" not in new:
        return
    yield from _merging(old, new)
    before, after = _columns(old), _columns(new)
    for table, column in sorted(before.keys() | after.keys()):
        one, two = before.get((table, column)), after.get((table, column))
        if one is None or two is None:
            yield f"{table}.{column} is {'new' if one is None else 'gone'}"
            continue
        for fact, words in _COLUMN_FACTS.items():
            was, now = ("; ".join(x[fact] for x in each) for each in (one, two))
            if was != now:
                yield f"{table}.{column}, {words}: {_quoted(was)} → {_quoted(now)}"


def _quoted(said: str) -> str:
    return f"“{said}”" if said else "nothing"


def _merging(old: Manifest, new: Manifest) -> Iterator[str]:
    """The feeds whose duplicates are told by other columns."""
    before, after = (
        {each["feed"]: each["merged_by"] for each in one["row_accounting"] if "merged_by" in each}
        for one in (old, new)
    )
    for feed in sorted(before.keys() & after.keys()):
        was, now = (", ".join(each[feed]) or "nothing" for each in (before, after))
        if was != now:
            yield f"{feed}: duplicates are told by {was}, now by {now}"


def _columns(manifest: Manifest) -> dict[tuple[str, str], list[dict[str, str]]]:
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for each in manifest["columns"]:
        if each["table"]:
            facts = {**each, "from": " + ".join(each["from"]), "rule": each["rule"] or ""}
            found.setdefault((each["table"], each["column"]), []).append(facts)
    return found


def differing_keys(old: Any, new: Any, path: str = "") -> list[str]:
    """The keys under which two documents differ, each with the keys that lead there."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        found = []
        for key in keys:
            deeper = f"{path} › {key}" if path else key  # noqa: RUF001 - a path for people
            found += differing_keys(old.get(key), new.get(key), deeper)
        return found
    return [] if old == new else [path]
