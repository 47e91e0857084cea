"""Two deliveries side by side: rows, values, columns, rejects, score, and why they differ.

Everything is read from the deliveries themselves, their tables and manifests: what was handed over
is compared, whatever became of the warehouse since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from consulting.delivery.causes import Cause, causes
from consulting.delivery.compared import Known, TableDifference, compare_tables, parquet_of
from consulting.delivery.deliverable import Document
from consulting.delivery.inputs import DeliverySummary
from consulting.delivery.manifest import manifest_of, read_manifest, reasons_told
from consulting.delivery.pages import render
from consulting.delivery.past import before
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs
    from consulting.layout import ClientFolder

    Manifest = Mapping[str, Any]

_FULL_TIER = 3


class Count(Record):
    """A number of rows then and now."""

    then: int = 0
    now: int = 0

    @property
    def changed(self) -> bool:
        """Whether it is another now."""
        return self.then != self.now

    def __str__(self) -> str:
        """Both, or the one that they are."""
        return f"{self.then:,} → {self.now:,}" if self.changed else f"{self.now:,}"


class ReasonCount(Count):
    """Rows rejected or merged for one reason."""

    code: str
    words: str


class FeedDifference(Record):
    """Where the rows of one feed went, then and now."""

    feed: str
    received: Count
    delivered: Count
    rejected: Count
    merged: Count
    reasons: tuple[ReasonCount, ...]

    @property
    def changed(self) -> bool:
        """Whether any row went elsewhere."""
        counts = (self.received, self.delivered, self.rejected, self.merged, *self.reasons)
        return any(count.changed for count in counts)

    def in_words(self, *, every: bool = False) -> Iterator[str]:
        """The account, and below it the reasons whose count is another; or every reason."""
        yield (
            f"{self.feed}: received {self.received}, delivered {self.delivered}, "
            f"rejected {self.rejected}, merged {self.merged}"
        )
        yield from (f"  {each.words}: {each}" for each in self.reasons if each.changed or every)


class Differences(Record):
    """How a delivery is not another.

    Attributes:
        client_id: Whose they are.
        client_name: The client as it calls itself.
        then: The one, in a line.
        now: The other.
        masked: Whether examples are shapes, not values: below tier 3 all are, else those of
            columns that hold personal data or are not known not to.
        causes: What they were made from and with that is not the same.
        feeds: The accounts of the rows.
        tables: The tables whose rows both hold.
        new_tables: Tables that only this one has.
        gone_tables: Tables that only the other has.
        not_held: Tables of both whose rows are not held any more.
    """

    client_id: str
    client_name: str
    then: DeliverySummary
    now: DeliverySummary
    masked: bool
    causes: tuple[Cause, ...]
    feeds: tuple[FeedDifference, ...]
    tables: tuple[TableDifference, ...]
    new_tables: tuple[str, ...] = ()
    gone_tables: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()

    def in_words(self) -> Iterator[str]:
        """What there is to say, a line each; examples are indented."""
        yield f"{self.client_id}: {self.then.delivery_id} → {self.now.delivery_id}"
        yield from self._measures()
        for feed in self.feeds:
            yield from feed.in_words()
        for table in self.tables:
            yield from table.with_examples()
        for word, tables in (
            ("new", self.new_tables),
            ("gone", self.gone_tables),
            ("no longer held, so not compared", self.not_held),
        ):
            yield from (f"{table}: the table is {word}" for table in tables)
        yield "Why:" if self.causes else "Both were made from the same files, with the same rules."
        for cause in self.causes:
            yield f"  {cause.what}{':' if cause.details else ''}"
            yield from (f"    {detail}" for detail in cause.details)

    def _measures(self) -> Iterator[str]:
        """Score, verdict and tier, where one is another now."""
        for word in ("period", "tier", "score", "verdict"):
            name = "headline" if word == "verdict" else word
            then, now = getattr(self.then, name), getattr(self.now, name)
            if then != now:
                yield f"{word}: {then or 'none'} → {now or 'none'}"


def differences(  # noqa: PLR0913 - by name only: two folders with their manifests
    *, then: Path, now: Path, old: Manifest, new: Manifest, spill: Path, tier: int
) -> Differences:
    """Compare two deliveries.

    Args:
        then: The one's folder.
        now: The other's.
        old: The manifest of the one.
        new: That of the other; its tables say what their keys are.
        spill: A folder for what does not fit in memory.
        tier: The client's tier; of it and those of the deliveries the lowest says what is shown.
    """
    masked = min(tier, old["security_tier"], new["security_tier"]) < _FULL_TIER
    before_, after = ({t["table"]: t for t in each["tables"]} for each in (old, new))
    both = [name for name in after if name in before_]
    held = [name for name in both if parquet_of(then, name) and parquet_of(now, name)]
    harmless = {} if masked else _harmless(old, new)
    known = {
        name: Known(after[name].get("keys") or (), harmless.get(name, frozenset())) for name in held
    }
    return Differences(
        client_id=new["client_id"],
        client_name=new["client_name"],
        then=_line(old),
        now=_line(new),
        masked=masked,
        causes=tuple(causes(old, new)),
        feeds=tuple(_feeds(old, new)),
        tables=tuple(compare_tables(then, now, known, spill)),
        new_tables=tuple(name for name in after if name not in before_),
        gone_tables=tuple(name for name in before_ if name not in after),
        not_held=tuple(name for name in both if name not in held),
    )


def from_the_one_before(
    inputs: DeliveryInputs, contents: Contents, folder: Path, *, past: ClientFolder, spill: Path
) -> Differences | None:
    """Compare a delivery that is being made with the one before it.

    Args:
        inputs: The delivery.
        contents: What it holds.
        folder: Its folder, with its tables.
        past: The folder with the earlier deliveries.
        spill: A folder for what does not fit in memory.

    Returns:
        None where there is none before it, or nothing is held of it.
    """
    earlier = before(inputs, contents.summary)
    if earlier is None or not past.as_sent(earlier.delivery_id).is_dir():
        return None
    return differences(
        then=past.deliverables / earlier.delivery_id,
        now=folder,
        old=read_manifest(past.as_sent(earlier.delivery_id)),
        new=manifest_of(inputs, contents),
        spill=spill,
        tier=inputs.tier,
    )


def accounts_of(inputs: DeliveryInputs) -> tuple[FeedDifference, ...]:
    """The accounts of a delivery that is compared with none."""
    told = {
        "row_accounting": [account.model_dump(mode="json") for account in inputs.accounts],
        "reasons": reasons_told(inputs),
    }
    return tuple(_feeds(told, told))


def _line(manifest: Manifest) -> DeliverySummary:
    """A delivery in a line, without what it says of others."""
    return DeliverySummary.model_validate({**manifest["summary"], "compared": None})


def _harmless(*manifests: Manifest) -> dict[str, frozenset[str]]:
    """Table → the columns whose values documents show, if no manifest says otherwise."""
    said: dict[tuple[str, str], bool] = {}
    for manifest in manifests:
        for each in manifest.get("columns", ()):
            place = each["table"] or "", each["column"] or ""
            said[place] = said.get(place, True) and not each["personal"]
    tables = {table for table, _ in said}
    return {t: frozenset(c for (of, c), fine in said.items() if of == t and fine) for t in tables}


def _feeds(old: Manifest, new: Manifest) -> Iterator[FeedDifference]:
    before_, after = ({a["feed"]: a for a in each["row_accounting"]} for each in (old, new))
    for feed in sorted(before_.keys() | after.keys()):
        one, two = before_.get(feed, {}), after.get(feed, {})
        words = {**old.get("reasons", {}).get(feed, {}), **new.get("reasons", {}).get(feed, {})}
        yield FeedDifference(
            feed=feed,
            received=Count(then=one.get("received", 0), now=two.get("received", 0)),
            delivered=Count(then=one.get("delivered", 0), now=two.get("delivered", 0)),
            rejected=Count(then=_total(one, "rejected"), now=_total(two, "rejected")),
            merged=Count(then=_total(one, "merged"), now=_total(two, "merged")),
            reasons=tuple(
                ReasonCount(
                    code=code,
                    words=words.get(code, code),
                    then=one.get(kind, {}).get(code, 0),
                    now=two.get(kind, {}).get(code, 0),
                )
                for kind in ("rejected", "merged")
                for code in sorted(one.get(kind, {}).keys() | two.get(kind, {}).keys())
            ),
        )


def _total(account: Mapping[str, Any], kind: str) -> int:
    return sum(account.get(kind, {}).values())


class ComparisonPage(Document):
    """`comparison.html` and `.json`: this delivery beside the one before it, where there is one."""

    always: ClassVar[bool] = True

    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:  # noqa: ARG002
        """Write the page, and the same for programs."""
        if contents.differences is not None:
            write_comparison(contents.differences, folder)


def write_comparison(found: Differences, folder: Path) -> None:
    """Write the comparison of two deliveries as a page and as JSON into a folder."""
    page, told = render_comparison(found), found.model_dump_json(indent=2) + "\n"
    (folder / "comparison.html").write_text(page, encoding="utf-8", newline="\n")
    (folder / "comparison.json").write_text(told, encoding="utf-8", newline="\n")


def render_comparison(found: Differences) -> str:
    """The comparison as one self-contained page."""
    return render("comparison.html.j2", found=found)
