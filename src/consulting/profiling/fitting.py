"""Which column of a client's file is which of a template, and how sure that is.

Each pair is scored by the header, the kind of the values, and, where the template lists codes, the
share of rows that hold one of them. Then each column goes to at most one of the template's, so that
all together fit best: an assignment of the greatest weight (networkx, which dbt brings along).
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from consulting.privacy.column_names import words
from consulting.profiling.wording import enumerated
from consulting.records import Record
from consulting.rules import all_rules, rule_of_type
from consulting.untitled import is_untitled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from consulting.profiling.model import ColumnProfile, FeedProfile
    from consulting.profiling.propose import Proposal
    from consulting.rules.template import Template, TemplateColumn

SURE = 0.8
"""From here on nobody is asked, where no other column comes near."""
_POSSIBLE = 0.5
_NEAR = 0.05
_SLIP, _WITHIN = 0.85, 0.7
_ALIKE = 0.75
"""What a header that is like one that is known counts, beside one that is: it is asked about."""
_HALF = 0.5
"""The share of a template's columns that a feed must have, to be of its kind."""
_KINDS = (
    frozenset({"to_integer", "to_decimal", "to_money"}),
    frozenset({"to_date", "to_timestamp"}),
)
_SAME, _KIN, _ANY, _OTHER = 1.0, 0.8, 0.6, 0.0
_OF_TEMPLATE = frozenset("name from rule required description tests codes".split())  # noqa: SIM905
_NOTATION = frozenset({"decimal", "formats", "language", "thousands", "unit"})


class Match(Record):
    """A column of the file that is one of the template's.

    Attributes:
        column: Its header, as the tier tells it.
        target: The template's column.
        score: How well they fit, 0 to 1.
        reason: Why, in words.
        sure: Whether nobody need be asked.
    """

    column: str
    target: str
    score: float
    reason: str
    sure: bool

    @property
    def line(self) -> str:
        """All of it in a line."""
        mark = "" if self.sure else "?"
        return f"{self.target} ← {self.column} ({self.score:.2f}{mark}: {self.reason})"


class Fit(Record):
    """A feed's columns beside a template's.

    Attributes:
        feed: The feed.
        template: The template's name.
        matches: The columns that both have, as the template orders them.
        missing: The template's columns that no column of the file is.
        extra: Headers of the file that are none of the template's.
        fits: Whether the feed is of the template's kind: it has half of its columns.
    """

    feed: str
    template: str
    matches: tuple[Match, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    fits: bool

    def in_words(self) -> Iterator[str]:
        """What there is to say, a line each."""
        known = len(self.matches) + len(self.missing)
        has = f"{len(self.matches)} of the {known} columns of template {self.template}"
        if not self.fits:
            yield f"{self.feed}: has {has}, too few to be of its kind; modelled without it"
            return
        yield f"{self.feed}: {has}"
        yield from (f"  {match.line}" for match in self.matches)
        if self.missing:
            yield f"  not found: {', '.join(self.missing)}"
        if self.extra:
            yield f"  not in the template: {', '.join(self.extra)}"

    @property
    def called(self) -> dict[str, str]:
        """Header → the template's column."""
        return {match.column: match.target for match in self.matches}

    @property
    def unnamed(self) -> tuple[str, ...]:
        """Columns whose header is not told, or is none: no name can be compared."""
        headers = (*(match.column for match in self.matches), *self.extra)
        return tuple(header for header in headers if is_untitled(header))


def best_fit(profile: FeedProfile, templates: Iterable[Template]) -> Fit | None:
    """How a feed fits that template which it fits best; None where there is no template."""
    found = [fit(profile, template) for template in templates]
    return max(found, key=lambda one: (one.fits, _weight(one)), default=None)


def _weight(one: Fit) -> float:
    return sum(match.score for match in one.matches) / (len(one.matches) + len(one.missing))


def fit(profile: FeedProfile, template: Template) -> Fit:
    """How a feed's columns fit a template's."""
    from networkx import Graph, max_weight_matching

    scored = {
        (column.name, target.name): _scored(column, target, profile)
        for column in profile.columns
        for target in template.columns
    }
    graph = Graph()
    for (column, target), (score, _) in scored.items():
        if score >= _POSSIBLE:
            # cubed: two that might be do not outweigh one that is; whole numbers: it is exact
            weight = round(1e6 * score**3)
            graph.add_edge(("column", column), ("target", target), weight=weight)
    pairs = {dict(pair)["target"]: dict(pair)["column"] for pair in max_weight_matching(graph)}
    matches = tuple(
        _match(pairs[target.name], target.name, scored)
        for target in template.columns
        if target.name in pairs
    )
    taken = set(pairs.values())
    return Fit(
        feed=profile.feed,
        template=template.name,
        matches=matches,
        missing=tuple(t.name for t in template.columns if t.name not in pairs),
        extra=tuple(c.name for c in profile.columns if c.name not in taken),
        fits=len(matches) >= _HALF * len(template.columns),
    )


def _match(column: str, target: str, scored: dict[tuple[str, str], tuple[float, str]]) -> Match:
    score, reason = scored[column, target]
    rivals = [
        c if c != column else t
        for (c, t), (other, _) in scored.items()
        if (c == column) != (t == target) and other >= max(_POSSIBLE, score - _NEAR)
    ]
    if rivals:
        reason += f"; as near: {enumerated(rivals[:3])}"
    sure = score >= SURE and not rivals
    return Match(column=column, target=target, score=round(score, 2), reason=reason, sure=sure)


def _scored(
    column: ColumnProfile, target: TemplateColumn, profile: FeedProfile
) -> tuple[float, str]:
    """How well a column fits one of the template's, and why."""
    named, by_name = _by_name(column.name, (target.name, *target.synonyms))
    kind, by_kind = _by_kind(column, target, profile)
    share = _by_codes(column, target.rule, profile)
    if kind == _OTHER:
        return 0.5 * named, f"{by_name}, but {by_kind}"
    if share is None:
        return 0.7 * named + 0.3 * kind, f"{by_name}, {by_kind}"
    score = 0.5 * named + 0.2 * kind + 0.3 * share
    return score, f"{by_name}, {share:.0%} of the rows hold one of its codes"


def _by_name(header: str, known: Sequence[str]) -> tuple[float, str]:
    """How alike a header is to a template's column, or to a synonym of it."""
    mine = _plain(header)
    if not mine or is_untitled(header):
        return 0.0, "no header to compare"
    whole = "".join(mine)
    exact = next((name for name in known if "".join(_plain(name)) == whole), None)
    if exact is not None:
        return 1.0, f"header is {'the name' if exact == known[0] else f'known: “{exact}”'}"
    alike, nearest = max((_alike(mine, _plain(name)), name) for name in known)
    if not alike:
        return 0.0, "header says nothing"
    return _ALIKE * alike, f"header is like “{nearest}”"


def _plain(name: str) -> tuple[str, ...]:
    return tuple(word if len(word) <= 3 else word.removesuffix("s") for word in words(name))  # noqa: PLR2004 - "gas"


def _alike(mine: tuple[str, ...], other: tuple[str, ...]) -> float:
    """By letters, as with a slip; else by the words, where all of one are in the other."""
    letters = SequenceMatcher(None, " ".join(mine), " ".join(other)).ratio()
    if letters >= _SLIP:
        return letters
    return _WITHIN if set(mine) <= set(other) or set(other) <= set(mine) else 0.0


def _by_kind(
    column: ColumnProfile, target: TemplateColumn, profile: FeedProfile
) -> tuple[float, str]:
    """Whether the column's values are of the kind that the template's rule reads."""
    wanted = str(target.rule.get("rule", "to_text"))
    if profile.basis == "headers" or column.inferred_type == "unknown":
        return _SAME, "no values to compare"
    found = rule_of_type(column.inferred_type).name
    values = f"values are {column.inferred_type}"
    if found == wanted:
        return _SAME, values
    if any({found, wanted} <= kind for kind in _KINDS):
        return _KIN, values
    if wanted in {"to_text", "to_code"}:  # which take any text
        return _ANY if found != "to_text" else _SAME, values
    return _OTHER, values


def _by_codes(column: ColumnProfile, rule: dict[str, Any], profile: FeedProfile) -> float | None:
    """The share of rows that hold a code of the template; None where that can not be known."""
    codes = rule.get("codes")
    if not codes or column.personal or profile.basis != "all_rows" or not column.top_values:
        return None
    spellings = codes.values() if isinstance(codes, dict) else ()
    known = {str(code).casefold() for code in codes}
    known |= {str(text).casefold() for listed in spellings for text in listed or ()}
    rows = sum(value.count for value in column.top_values)
    held = sum(v.count for v in column.top_values if v.value.strip().casefold() in known)
    return held / rows if rows else None


def following(proposal: Proposal, found: Fit, template: Template) -> Proposal:
    """What is left to say of a proposal's columns where a template says the rest.

    That is how this client writes a value (formats, marks, words), where the template does not say
    just that, and which other feed a column refers to. Codes are the template's.
    """
    called = found.called
    columns = tuple(
        _what_differs(column, target) if (target := _target(column, called, template)) else column
        for column in proposal.columns
    )
    tests = {next(iter(test)) for test in template.data_tests if isinstance(test, dict)}
    return proposal.model_copy(
        update={
            "columns": columns,
            "template": template.name,
            "dedupe": None if template.meta.dedupe else proposal.dedupe,
            "unique_together": None if "unique_together" in tests else proposal.unique_together,
        }
    )


def _target(
    column: dict[str, Any], called: dict[str, str], template: Template
) -> TemplateColumn | None:
    is_it = called.get(column["from"]) == column["name"]
    return template.column(column["name"]) if is_it else None


def _what_differs(column: dict[str, Any], target: TemplateColumn) -> dict[str, Any]:
    rule = target.rule.get("rule", "to_text")
    own = {**_usual(rule, target), **column}
    written = {
        key: value
        for key, value in own.items()
        if key not in _OF_TEMPLATE and target.rule.get(key) != value
    }
    said = {"name": column["name"], "from": column["from"]}
    if written and column["rule"] == rule:  # arguments stand beside their rule
        said |= {"rule": rule, **written}
    return said | {"tests": [test for test in column["tests"] if "relationships" in test]}


def _usual(rule: str, target: TemplateColumn) -> dict[str, Any]:
    """How values are written where a proposal says nothing of it, and the template says otherwise.

    What has no usual form is left to the template.
    """
    fields = {f.alias or name: f.default for name, f in all_rules()[rule].model_fields.items()}
    told = _NOTATION & target.rule.keys()
    return {key: fields[key] for key in sorted(told) if fields.get(key) is not None}
