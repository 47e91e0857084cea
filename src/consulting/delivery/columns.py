"""A column of a profile as the report shows it: a few facts in words, and one small chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from consulting.delivery.charts import histogram, share_bar
from consulting.delivery.pages import number, percent, type_words
from consulting.privacy import shown
from consulting.profiling.wording import enumerated
from consulting.rules.dates import date_format
from consulting.rules.numbers import NOTATIONS
from consulting.shown import cut
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.profiling import ColumnProfile, FeedProfile, FormatCount

_TOP_SHOWN = 4
_LONGEST_SHOWN = 40
_ALMOST_UNIQUE = 0.9
_NOTABLE_FORMATS = 3
_KEYS_SHOWN = 3
_ROUNDED, _SMALL = 10**15, 0.01
"""A float holds all digits of whole numbers up to there; below, two decimals say nothing."""


class ColumnView:
    """One row of the report's table of columns.

    Args:
        profile: The column.
        rows: Rows of the feed.
        values_shown: Whether its values may stand in the report: never for personal data.
        named_only: At tier 1: its name is all there is, and all that may be shown.
    """

    def __init__(
        self, profile: ColumnProfile, rows: int, *, values_shown: bool, named_only: bool = False
    ) -> None:
        self.name = profile.name
        self.type = type_words(profile.inferred_type)
        self.fit = (
            "" if named_only or profile.type_pct in (0, 100) else f"{profile.type_pct:.1f} % fit"
        )
        self.pii = _told(profile)
        self.rows = rows
        missing = profile.null_count + profile.null_like_count
        self.filled = rows - missing
        self.missing = missing
        self.filled_bar = share_bar(
            [("full", self.filled), ("gap", missing)],
            label=f"{percent(self.filled, rows)} of {profile.name} is filled",
            height=6,
        )
        self.distinct = ("" if profile.distinct_exact else "about ") + number(
            profile.distinct_count
        )
        self.key = profile.key_candidate and rows > 1
        self.facts = [] if named_only else _facts(profile)
        self.chart = _chart(profile) if values_shown else Markup("")
        self.ends = (profile.histogram[0].lower, profile.histogram[-1].upper) if self.chart else ()
        spread_out = profile.cardinality_ratio > _ALMOST_UNIQUE
        listed = [] if self.chart or spread_out or not values_shown else profile.top_values
        self.top = [
            (
                cut(shown(one.value, personal=False), _LONGEST_SHOWN),
                f"{one.pct:.1f}",
                percent(one.count, rows),
            )
            for one in listed[:_TOP_SHOWN]
        ]
        if not self.filled:
            self.otherwise = "no value"
        elif values_shown:
            repeated = self.filled > profile.distinct_count
            different = "almost all different" if repeated else "all different"
            self.otherwise = different if self.filled > 1 else "one value"
        else:
            self.otherwise = "not shown"


class FeedView:
    """One feed's columns."""

    def __init__(self, profile: FeedProfile, inputs: DeliveryInputs) -> None:
        self.feed = profile.feed
        self.rows = profile.row_count
        self.basis = {
            "all_rows": f"all {counted(profile.row_count, 'row')}",
            "sample": f"a sample of {counted(profile.row_count, 'row')}",
            "headers": "the headers only; no row was kept",
        }[profile.basis]
        self.accepted = _accepted(profile)
        nothing_to_tell_apart = inputs.schema_only or profile.row_count <= 1
        keys = () if nothing_to_tell_apart else profile.candidate_keys
        shown_keys = [" + ".join(key) for key in keys[:_KEYS_SHOWN]]
        if len(keys) > _KEYS_SHOWN:
            shown_keys.append(f"{len(keys) - _KEYS_SHOWN} more")
        self.keys = enumerated(shown_keys) if keys else ""
        self.several_keys = len(keys) > 1
        self.columns = [
            ColumnView(
                column,
                profile.row_count,
                values_shown=not inputs.schema_only and not column.personal,
                named_only=inputs.schema_only,
            )
            for column in profile.columns
        ]


def _accepted(profile: FeedProfile) -> str:
    """What somebody found right before, so that nobody wonders why it is not told."""
    used = [one for one in profile.accepted if one.rows]
    idle = sum(one.idle for one in profile.accepted)
    names = ", ".join(dict.fromkeys(one.by for one in used))
    told = (
        f"{counted(len(used), 'finding')} ({counted(sum(one.rows for one in used), 'row')}) "
        f"accepted before by {names}, and not told again."
    )
    stale = (
        f"{counted(idle, 'mark')} of what was accepted {'fits' if idle == 1 else 'fit'} nothing."
    )
    return " ".join([told] * bool(used) + [stale] * bool(idle))


def _told(profile: ColumnProfile) -> str:
    """The tag beside a column's name."""
    if profile.pii is None:
        return ""
    kind = profile.pii.kind.replace("_", " ")
    return "masked to be safe" if kind == "unproven" else f"personal: {kind}"


def _chart(profile: ColumnProfile) -> Markup:
    bins = profile.histogram
    if len(bins) < 2:  # noqa: PLR2004 - one bar is no distribution
        return Markup("")
    counts = [one.count for one in bins]
    peak = bins[counts.index(max(counts))]
    label = (
        f"Distribution of {profile.name} from {bins[0].lower} to {bins[-1].upper}, "
        f"most between {peak.lower} and {peak.upper}"
    )
    return histogram(counts, label=label)


def _facts(profile: ColumnProfile) -> list[str]:
    counts = (
        (profile.null_like_count, "written as a word for “missing”"),
        (profile.ambiguous_dates, "ambiguous dates"),
        (profile.leading_zeros, "with leading zeros"),
        (profile.untrimmed, "with blanks around"),
    )
    facts = _measures(profile)
    if len(profile.formats) > 1:
        notations = _formats(profile.formats, day_first=profile.day_first)
        facts.append(f"{counted(len(profile.formats), 'notation')}: {notations}")
    counted_in = profile.units if profile.inferred_type != "text" else ()
    facts += [_formats(kind) for kind in (profile.currencies, counted_in, profile.shown_as) if kind]
    return facts + [f"{number(count)} {words}" for count, words in counts if count]


def _measures(profile: ColumnProfile) -> list[str]:
    facts = []
    if profile.numbers is not None:
        facts.append(f"mean {_figure(profile.numbers.mean)}")
        if profile.numbers.negatives:
            facts.append(f"{number(profile.numbers.negatives)} negative")
    elif profile.min_length is not None and not profile.histogram:
        low, high = profile.min_length, profile.max_length or 0
        facts.append(counted(low, "character") if low == high else f"{low} to {high} characters")
    return facts


def _formats(formats: Sequence[FormatCount], *, day_first: bool | None = None) -> str:
    shown = ", ".join(
        f"{_notation(one.format, day_first=day_first)} ({number(one.count)})"
        for one in formats[:_NOTABLE_FORMATS]
    )
    return shown + (" …" if len(formats) > _NOTABLE_FORMATS else "")


def _notation(code: str, *, day_first: bool | None) -> str:
    return NOTATIONS[code].words if code in NOTATIONS else date_format(code, day_first=day_first)


def _figure(value: float) -> str:
    """A mean with no digit that a float does not hold, nor without one that it has."""
    if abs(value) >= _ROUNDED or 0 < abs(value) < _SMALL:
        return f"{value:.4g}"
    return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004
