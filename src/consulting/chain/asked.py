"""Asking a person about the findings of the last profile: answers become the feed's YAML."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from consulting import jinja
from consulting.chain import artifacts
from consulting.chain.accepted import write_changed
from consulting.chain.access import record_access
from consulting.chain.apart import child_of, within
from consulting.chain.patching import patched_copy, text_of
from consulting.chain.trial import rows_are_kept
from consulting.cleaning.templated import applied
from consulting.cleaning.values import read_value
from consulting.corrections.repeated import Fix, repeated_fixes
from consulting.delivery.csv_file import write_csv
from consulting.delivery.spreadsheet import Workbook
from consulting.errors import CleaningError, UnreadableFileError
from consulting.formulas import restore
from consulting.intake.reading import Door, ReadOptions
from consulting.intake.reading.apart import ReadingApart
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling import FeedProfile, label_of, profile_feed, unified
from consulting.profiling.asking import Ask, chosen, is_key, key_of, questions_to_ask
from consulting.profiling.patches import rule_of, with_answer, with_codes
from consulting.profiling.thresholds import SUSPICIOUS
from consulting.records import Record
from consulting.rules import column_rule, headers_of, reason_sentences, rule_named
from consulting.rules.accepted import ACCEPTABLE, Said
from consulting.rules.mistakes import rule_mistakes
from consulting.rules.template import read_template
from consulting.scratch import scratch_folder
from consulting.shown import cut
from consulting.wording import counted
from consulting.writing import hash_file
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.records import CorrectionsFile

Word = Literal["right", "all right", "wrong", "all wrong", ""]
MOST_ANSWERS = 1_000
"""Rows of a sheet with answers; nobody answers more by hand."""
LONGEST_ANSWER = 1_000
"""Characters of what a value should be."""
_LONGEST_ALIKE = 60
_KEPT_IN = ("from", "replace", "accepted", "suspected")
_COLUMNS = (
    "_question", "feed", "column", "value", "rows", "file", "row", "why", "alike", "instead",
    "answer", "should_be",
)  # fmt: skip
_HOW = (
    "How to answer",
    "Write into the column “answer”: right, all right, wrong, or all wrong.",
    "“All right” and “all wrong” are for all that was found for the same reason: see “alike”.",
    "Leave it empty where you do not know.",
    "Where it is wrong, write what it should be into “should_be”, or - for no value.",
    "Leave the column _question: it tells us which question is which.",
)


class Answer(Record):
    """What somebody said to a question.

    Attributes:
        said: "right", "all right" (whatever the value), "wrong", "all wrong", or nothing.
        should_be: Of what is wrong: what should stand there; empty for no value, None for what
            the question says, if it does.
        line: Its row in a sheet.
    """

    said: Word
    should_be: str | None = None
    line: int | None = None


def open_questions(
    engagement: Engagement, run_folder: Path, feed: str | None, most: int | None
) -> list[Ask] | None:
    """What to ask about a client's last profile.

    Args:
        engagement: Whose profile.
        run_folder: Of the run that made it.
        feed: Of this feed alone, if one is named.
        most: No more than so many, those first that teach most; None for all.

    What the client put right three times in the same way comes first.

    Returns:
        The questions that nobody answered yet, of all also those that were answered since that
        profile; None where no rows are kept to ask of.
    """
    received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
    if not rows_are_kept(received, run_folder):
        return None
    found = artifacts.read(run_folder / artifacts.PROFILE, artifacts.Profile)
    record_access(
        engagement, by="consulting ask", operation="read rows", subject=received.batch.batch_id
    )
    full = engagement.config.security_tier == FULL_TIER
    fixes = _sent_back(engagement, found.profiles, feed) if full else []
    fixes = [one for one in fixes if most is None or not one.answered]
    asked: list[Ask] = []
    declared = engagement.models.declared_privacy
    for profile in found.profiles:
        if feed in {None, profile.feed} and profile.basis != "headers":
            said = engagement.answered(profile.feed)
            suspicious = within(
                engagement,
                engagement.limits(engagement.feed(profile.feed)),
                f"looking for what may be wrong in feed {profile.feed!r}",
                FeedProfile,
                profile_feed,
                profile.feed,
                received.to_profile,
                run_folder,
                privacy=declared(profile.feed),
                accepted={} if most is None else said["accepted"],
                thresholds=SUSPICIOUS,
            )
            asked += within(
                engagement,
                engagement.limits(engagement.feed(profile.feed)),
                f"choosing what to ask of feed {profile.feed!r}",
                tuple[Ask, ...],
                questions_to_ask,
                profile,
                suspicious,
                received.to_profile,
                run_folder,
                most=most,
                valued=full,
                **said,
                listed={name: said.known for name, said in declared(profile.feed).items()},
                texts=[
                    read.names[0]
                    for read in engagement.models.reads(profile.feed)
                    if read.rule in {None, "to_text"}
                ],
            )
    known = {one.place for one in fixes}
    asked = [one for one in asked if one.place not in known]
    return fixes + asked if most is None else (fixes + chosen(asked, most))[:most]


def _sent_back(
    engagement: Engagement, profiles: Sequence[FeedProfile], feed: str | None
) -> list[Ask]:
    """What the client put right in the same way again and again, to become a rule."""
    files = [*_corrections(engagement)]
    if not files:
        return []
    doing, limits = "looking for fixes that came back again and again", engagement.limits_together
    found = within(
        engagement, limits, doing, tuple[Fix, ...], repeated_fixes, files, engagement.folder
    )
    asked = []
    for fix in found:
        columns = [c for p in profiles if p.feed == fix.feed for c in p.columns]
        column = next((c for c in columns if c.name.casefold() == fix.column), None)
        known = engagement.models.replaced(fix.feed)
        told = feed in {None, fix.feed} and column and not column.personal
        if told and column:
            answered = fix.wrong in known.get(column.name, ())
            asked.append(_of_fix(fix, column.name, answered=answered))
    return asked


def _corrections(engagement: Engagement) -> Iterator[tuple[CorrectionsFile, Path]]:
    """Each corrections file whose rows are held, with the run that it came to."""
    for path in sorted(engagement.folder.path.glob(f"runs/*/{artifacts.INTAKE}")):
        received = artifacts.read(path, artifacts.Intake)
        for file in received.corrections:
            rows = file.reading.rows_path
            if file.since == received.batch.batch_id and rows and (path.parent / rows).exists():
                yield file, path.parent


def _of_fix(fix: Fix, column: str, *, answered: bool) -> Ask:
    cells = {column: fix.wrong}
    brought = counted(fix.corrections, "corrections file")
    return Ask(
        key=key_of(fix.feed, column, "sent_back", cells),
        feed=fix.feed,
        column=column,
        issues=("sent_back",),
        severity="warn",
        answered=answered,
        cells=cells,
        rows=fix.rows,
        file=fix.file,
        row=fix.row,
        why=f"It came back as “{fix.right}” in {counted(fix.rows, 'rejected row')}, in {brought}, "
        "and never as anything else. Wrong, and the cleaning rule puts it right from now on?",
        instead=fix.right,
    )


def what_it_says(ask: Ask, answer: Answer) -> tuple[Said, ...]:
    """What an answer says of the question's column; nothing where it leaves that open."""
    issue, wrong = ask.issues[0], answer.said.endswith("wrong")
    if ask.codes or not answer.said:
        return ()
    if answer.said.startswith("all") or not ask.cells:
        if not wrong and not ask.suspected:
            return (Said("accepted", issue),) if issue in ACCEPTABLE else ()
        stands = ask.severity == "info"  # what is a warning is told again
        return (Said("suspected", issue, became=wrong) if stands else Said("", issue),)
    value = ask.cells if ask.value is None else ask.value
    if not wrong:
        return tuple(Said("accepted", one, value) for one in ask.issues if one in ACCEPTABLE)
    if not ask.value:
        return (Said("", issue, value),)
    right = ask.instead if answer.should_be is None else answer.should_be.strip()
    return () if right in {None, ask.value} else (Said("replace", "", value, right),)


def _in_short(said: Said) -> str:
    """What becomes of an answer."""
    if said.key == "replace":
        return "replaced by the cleaning rule"
    if said.key == "accepted":
        return "right, and not told again"
    if said.key == "suspected":
        return "wrong, and a warning from now on" if said.became else "right, and not asked again"
    if said.value is None:
        return "it is told again until it is corrected at the source"
    return (
        "no rule puts it right, for the value may be right in other rows: it is told again until "
        "it is corrected at the source"
    )


class Answers:
    """Answers on their way into the client's YAML.

    Args:
        engagement: Whose YAML.
        by: Who answers.

    Attributes:
        texts: Each YAML file that an answer changed and that is not saved, before and after.
    """

    def __init__(self, engagement: Engagement, by: str) -> None:
        self._engagement = engagement
        self._by = by
        self._names: dict[str, str] = {}  # of a feed's file, which no answer moves
        self.texts: dict[str, tuple[str, str]] = {}

    def take(self, ask: Ask, answer: Answer) -> str:
        """Take one answer into the YAML; returns what it became, in a sentence."""
        kept = ask.value or not answer.should_be
        aside = "" if kept else " What it should be is not kept: that is asked of one value alone."
        return f"{about(ask)}: {self._take(ask, answer)}{aside}"

    def _take(self, ask: Ask, answer: Answer) -> str:
        if ask.codes:
            return self._closed(ask, answer.said)
        all_said = what_it_says(ask, answer)
        if not all_said:
            unknown = ask.value and answer.said == "wrong"
            return f"nothing is written{': it is not known what it should be' * bool(unknown)}."
        path, before, now = self._text(ask)
        after: str | None = now
        for said in all_said:
            after = after and with_answer(after, ask.feed, ask.column, said, self._by)
        became = _in_short(all_said[0])
        rule = rule_named(rule_of(now, ask.feed, ask.column) or "")
        is_code = rule is not None and rule.name == "to_code" and ask.value
        if rule and rule.unfit_reason() and not is_code and all_said[0].key == "accepted":
            became += f"; what {rule.name} can not read is rejected as before"
        if after == now or (after is None and not all_said[0].key):
            return "as it was answered before." if ask.answered else f"{became}."
        right = str(all_said[0].became or "") if all_said[0].key == "replace" else ""
        return self._taken(ask, path, before, after, became, right)

    def _closed(self, ask: Ask, said: Word) -> str:
        if said not in {"right", "all right"}:
            return "nothing is written."
        path, before, now = self._text(ask)
        after = with_codes(now, ask.feed, ask.column, ask.codes)
        return self._taken(ask, path, before, after, "one of a list from now on")

    def _text(self, ask: Ask) -> tuple[str, str, str]:
        if ask.feed not in self._names:
            path = self._engagement.models.yaml_of(ask.feed)
            self._names[ask.feed] = os.path.relpath(path, self._engagement.dbt_dir)
        name = self._names[ask.feed]
        before, now = self.texts.get(name) or (text_of(self._engagement.dbt_dir / name),) * 2
        return name, before, now

    def _taken(  # noqa: PLR0913, PLR0917 - a change, and what it is told as
        self, ask: Ask, name: str, before: str, after: str | None, became: str, right: str = ""
    ) -> str:
        label = label_of(self._engagement.dbt_dir / name)
        if after is None and not rule_of(before, ask.feed, ask.column):
            return (
                f"not written, for no column of {label} reads “{ask.column}”. `consulting models "
                f"{self._engagement.client_id} {ask.feed}` proposes one where there is none."
            )
        if after is None:
            return f"not written, for {label} can not be changed there. Write it by hand."
        mistake = _mistake(after, ask.feed, ask.column)
        if mistake:
            return f"not written, for {label} would be wrong: {mistake}."
        if right and (unread := self._unread(ask, after, right)):
            return f"not written, for {unread}"
        self.texts[name] = (before, after)
        return f"{became}."

    def _unread(self, ask: Ask, text: str, right: str) -> str | None:
        """Why the column's rule can not read a right text, in sentences; None where it can."""
        dbt_dir, client = self._engagement.dbt_dir, self._engagement.client_id
        said = text.encode()
        whole = applied(said, Path(f"{ask.feed}.yml"), lambda name: read_template(dbt_dir, name))
        meta = _meta_of(whole, ask.feed, ask.column) or {}
        if next(rule_mistakes(meta), None):
            return None  # dbt tells of it, with its line
        read, rule = read_value(meta, right), column_rule(meta)
        if read.value is not None and read.reason is None:
            return None
        why = reason_sentences().get(read.reason or "", "").format(f"“{right}”")
        if read.reason in {None, "missing"}:
            why = f"“{right}” stands for no value"
        form = "; ".join(filter(None, (rule.conversion(), rule.limits())))
        return (
            f"{rule.rule}, the rule of “{ask.column}” of {client}'s feed {ask.feed}, can not read "
            f"that: {why}. It reads: {form}. Answer with such a value, or - for no value."
        )

    def diffs(self) -> Iterator[str]:
        """A unified diff of each file that is not saved."""
        for name, (before, after) in self.texts.items():
            yield unified(before, after, label_of(self._engagement.dbt_dir / name))

    def require_readable(self) -> None:
        """Let dbt read what is not saved.

        Raises:
            CleaningError: If it can not; says that none of it is written.
        """
        try:
            if self.texts:
                with patched_copy(self._engagement, self.texts):
                    pass
        except CleaningError as error:
            raise CleaningError(f"None of the answers is written: {error}") from error

    def save(self) -> None:
        """Write the files; each is there as a whole, or as it was.

        Raises:
            CleaningError: If somebody else changed one since the answer was taken.
        """
        write_changed(self._engagement, self.texts)
        self.texts.clear()


def _mistake(text: str, feed: str, header: str) -> str | None:
    """What answers can not be kept as, of a column that is read from a header.

    Its other keys may be a template's, and are for dbt's reading of it.
    """
    meta = _meta_of(text.encode(), feed, header) or {}
    kept = {key: meta[key] for key in _KEPT_IN if key in meta}
    return next(rule_mistakes(kept), None) if kept else None


def _meta_of(text: bytes, feed: str, header: str) -> dict[str, Any] | None:
    """The `meta` of the first column of a feed that is read from a header."""
    said = jinja.rendered(parse_yaml(text, Path(f"{feed}.yml"))[0].value)
    metas = (
        column.get("meta") or {}
        for model in said.get("models") or ()
        if model.get("name") in {feed, f"stg_{feed}"}
        for column in model.get("columns") or ()
    )
    return next((meta for meta in metas if header in headers_of(meta)), None)


def write_sheet(asked: Sequence[Ask], path: Path) -> None:
    """Write questions to a sheet that a client can fill: a workbook, or CSV by its name."""
    rows = [
        (
            ask.key, ask.feed, ask.column, value_in_words(ask), ask.rows, ask.file, ask.row,
            ask.why, alike_in_words(ask), ask.instead, None, None,
        )
        for ask in asked
    ]  # fmt: skip
    if path.suffix.lower() == ".csv":
        write_csv(path, _COLUMNS, rows)
        return
    book = Workbook(path, created=datetime.now(UTC), title="Questions about your data")
    widths = {"value": 40, "why": 60, "alike": 40, "instead": 30, "answer": 14, "should_be": 30}
    book.add_table("questions", _COLUMNS, rows, widths=widths, frozen_columns=1)
    book.add_lines("How to answer", _HOW)
    book.close()


def about(ask: Ask) -> str:
    """What a question is about, in front of what is said of it."""
    return (
        f"{ask.column}, “{cut(value_in_words(ask), _LONGEST_ALIKE)}”" if ask.cells else ask.column
    )


def value_in_words(ask: Ask) -> str:
    """What is asked about: the value, the combination, or the column."""
    return _in_words(ask.cells)


def alike_in_words(ask: Ask) -> str:
    """The others that were found for the same reason: values, or rows where none is shown."""
    return "; ".join(
        f"{cut(_in_words(one.cells), _LONGEST_ALIKE)} (line {one.row})"
        if one.cells
        else f"line {one.row}"
        for one in ask.alike
    )


def _in_words(cells: Mapping[str, str]) -> str:
    if len(cells) == 1:
        return next(iter(cells.values()))
    return ", ".join(f"{name} = {text}" for name, text in cells.items())


def read_sheet(engagement: Engagement, path: Path) -> tuple[dict[str, Answer], list[str]]:
    """Read a sheet that came back, apart and within the limits of any file of the client.

    Args:
        engagement: Whose limits.
        path: The sheet; only its columns `_question`, `answer` and `should_be` are read.

    Returns:
        The answers by the keys of their questions, and what of them is not understood.

    Raises:
        UnreadableFileError: If it is no such sheet, or too large.
    """
    limits = engagement.config.limits.model_dump() | {"max_rows": MOST_ANSWERS}
    door = Door(tier=FULL_TIER, client_id=engagement.client_id)  # below tier 3 it holds no value
    with scratch_folder(engagement.folder.path) as scratch:
        reading = ReadingApart(child_of()).read_file(
            path,
            filename=path.name,
            feed="answers",
            sha256=hash_file(path),
            run_folder=scratch,
            options=ReadOptions(**limits, expected_columns=_COLUMNS),
            door=door,
        )
        missing = {"_question", "answer", "should_be"} - {*reading.columns}
        if missing or reading.rows_path is None:
            raise UnreadableFileError(
                path.name,
                "answers_unknown",
                f"It has no column {', '.join(sorted(missing))}.",
                "Answer in a sheet that `consulting ask --sheet` wrote.",
            )
        rows = _rows(scratch / reading.rows_path)
    return _understood(rows)


def _understood(
    rows: Sequence[tuple[int, str, str, str]],
) -> tuple[dict[str, Answer], list[str]]:
    answers: dict[str, Answer] = {}
    unclear: list[str] = []
    twice: set[str] = set()
    for line, key, said, should_be in rows:
        word = " ".join(said.casefold().split()) or ("wrong" if should_be else "")
        if word not in get_args(Word):
            unclear.append(
                f"line {line}: the answer is none of right, all right, wrong and all wrong"
            )
        elif should_be and word != "wrong":
            unclear.append(
                f"line {line}: “{word}” and “should_be” are two answers; none is taken. What one "
                "value should be goes with “wrong”"
            )
        elif len(should_be) > LONGEST_ANSWER:
            unclear.append(f"line {line}: “should_be” has more than {LONGEST_ANSWER:,} characters")
        elif word:
            right = "" if should_be == "-" else should_be or None
            answer = Answer(said=word, should_be=right, line=line)
            first = answers.setdefault(key, answer)
            if (first.said, first.should_be) != (word, right):
                twice.add(key)
                unclear.append(
                    f"line {line}: the question has another answer in line {first.line}; none is "
                    "taken"
                )
    return {key: answer for key, answer in answers.items() if key not in twice}, unclear


def without_contradictions(
    answers: Sequence[tuple[Ask, Answer]],
) -> tuple[list[tuple[Ask, Answer]], list[str]]:
    """The answers of a sheet of which no other says the opposite, and what is told of the rest."""
    of_column: dict[tuple[str, str], list[tuple[Ask, Answer]]] = {}
    for ask, answer in answers:
        of_column.setdefault((ask.feed, ask.column), []).append((ask, answer))
    refused: set[str] = set()
    told: list[str] = []
    for found in of_column.values():
        said = [what_it_says(*one) for one in found]
        for (at, one), (other_at, other) in combinations(enumerate(found), 2):
            if any(a.contradicts(b) for a, b in product(said[at], said[other_at])):
                refused |= {one[0].key, other[0].key}
                told.append(
                    f"{_placed(*one)} and {_placed(*other)} contradict each other; none is taken"
                )
    return [one for one in answers if one[0].key not in refused], told


def unknown_in_words(answers: Mapping[str, Answer]) -> Iterator[str]:
    """What to do about answers of a sheet to no question of the last profile."""
    for key, answer in answers.items():
        if is_key(key):
            yield (
                f"line {answer.line}: no question of the last profile is this one. What was "
                "answered before it stands in the column's `meta` in the feed's YAML: change it "
                "there, or take it out to be asked again"
            )
        else:
            yield (
                f"line {answer.line}: what stands in _question is no key of a question. Copy it "
                "from the sheet that `consulting ask --sheet` wrote"
            )


def _placed(ask: Ask, answer: Answer) -> str:
    return f"line {answer.line} ({about(ask)}: {answer.said})"


def _rows(path: Path) -> list[tuple[int, str, str, str]]:
    import pyarrow.parquet as pq

    columns = ["_row", "_question", "answer", "should_be"]
    return [
        (row["_row"], *(restore(row[name] or "").strip() for name in columns[1:]))
        for row in pq.ParquetFile(path).read(columns=columns).to_pylist()
    ]
