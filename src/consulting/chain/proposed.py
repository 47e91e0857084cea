"""Models proposed from the last profile, and tried at once on the rows it was made of."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from consulting.bounded_memory import open_bounded
from consulting.chain import artifacts
from consulting.chain.questions import Question, questions_of, questions_of_fit
from consulting.chain.trial import on_trial, rows_are_kept
from consulting.cleaning import DbtRun, write_feed_models
from consulting.cleaning.models import read_columns
from consulting.cleaning.run import ModelsFailedError
from consulting.privacy import shape
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling import find_joint_keys, find_relations, propose_feed
from consulting.profiling.fitting import best_fit, following
from consulting.records import Record
from consulting.rules import headers_of, reason_sentences
from consulting.rules.template import read_template
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from consulting.chain.engagement import Engagement
    from consulting.profiling import FeedProfile, Proposal
    from consulting.profiling.fitting import Fit

_REASONS = 3
_LONGEST = 40
_OF_ANY_RULE = ("name", "from", "required", "description")


class Tried(Record):
    """What a column's proposed rule made of the rows it was proposed from.

    Attributes:
        column: `feed.column`; the feed alone, where it is about whole rows.
        rule: The rule; `reject_when`, where it is about whole rows.
        rows: Rows of the feed.
        rejected: Rows it would reject.
        reasons: Up to three of the texts, with why; their shape where they are personal, or below
            tier 3. Of whole rows, the reason's code.
    """

    column: str
    rule: str
    rows: int
    rejected: int
    reasons: tuple[str, ...]


class Proposed(NamedTuple):
    """What was proposed.

    Attributes:
        written: The files written; one that exists stays as it is.
        feeds: The feeds they are of.
        asked: What has to be asked of the client.
        fits: How the feeds fit the templates, where some are named.
    """

    written: list[Path]
    feeds: list[str]
    asked: list[Question]
    fits: list[Fit]


def last_profile(engagement: Engagement) -> Path | None:
    """The run folder of the client's last profile, if there is one."""
    runs = sorted(engagement.folder.path.glob(f"runs/*/{artifacts.PROFILE}"))
    return runs[-1].parent if runs else None


def propose_models(
    engagement: Engagement,
    run_folder: Path,
    feeds: Sequence[str],
    *,
    as_text: Mapping[tuple[str, str], str] = MappingProxyType({}),
    templates: Sequence[str] = (),
) -> Proposed:
    """Writes models for feeds; for those without any, where none is named.

    Args:
        engagement: Whose models.
        run_folder: Of the profile they are proposed from.
        feeds: The feeds.
        as_text: Feed and column → why its values are delivered as they are, whatever they seem.
        templates: Each feed follows the one of these that it fits best, if it is of its kind.

    Raises:
        CleaningError: If there is no such template, or a model can not be written.
    """
    known = {name: read_template(engagement.dbt_dir, name) for name in templates}
    found = artifacts.read(run_folder / artifacts.PROFILE, artifacts.Profile)
    received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
    manifest = engagement.models.load_manifest()
    names = {
        (p.feed, header): name
        for p in found.profiles
        for name, meta in read_columns(manifest, p.feed).items()
        for header in headers_of(meta)
    }
    modelled = {feed for feed, _ in names}
    wanted = [p for p in found.profiles if p.feed in (feeds or {p.feed} - modelled)]
    relations, joint_keys = [], {}
    if rows_are_kept(received, run_folder):
        relations = find_relations(found.profiles, run_folder, received.to_profile)
        joint_keys = find_joint_keys(wanted, run_folder, received.to_profile)
    found_fits = [best_fit(profile, known.values()) for profile in wanted]
    fits = {each.feed: each for each in found_fits if each is not None}
    called = {feed: each.called for feed, each in fits.items() if each.fits}
    for profile in wanted:
        alone = propose_feed(profile, called=called.get(profile.feed))
        names |= {(profile.feed, c["from"]): c["name"] for c in reversed(alone.columns)}
    written: list[Path] = []
    asked: list[Question] = []
    tier = engagement.config.security_tier
    for profile in wanted:
        feed, its = profile.feed, called.get(profile.feed)
        proposal = _at_tier(propose_feed(profile, relations, names, joint_keys, its), tier)
        if its is not None:
            proposal = following(proposal, fits[feed], known[fits[feed].template])
        mine = questions_of(profile, found.across, proposal.columns, tier)
        mine += questions_of_fit(fits[feed]) if its is not None else []
        proposal, doubts = _with_texts(proposal, feed, as_text)
        mine += doubts
        files = [r.columns for r in received.to_profile if r.feed == feed]
        proposal = _with_optional(proposal, files)
        written += _write(engagement, profile, proposal, mine)
        asked += mine
    return Proposed(written, [profile.feed for profile in wanted], asked, [*fits.values()])


def _at_tier(proposal: Proposal, tier: int) -> Proposal:
    if tier == FULL_TIER:
        return proposal
    # labels are values of the client
    columns = tuple(map(_without_values, proposal.columns))
    return proposal.model_copy(update={"columns": columns, "reject_when": None})


def _with_texts(
    proposal: Proposal, feed: str, as_text: Mapping[tuple[str, str], str]
) -> tuple[Proposal, list[Question]]:
    """The proposal with columns as text whose rule does not fit, and what to ask of them."""
    columns: list[dict[str, Any]] = []
    asked: list[Question] = []
    for column in proposal.columns:
        why = as_text.get((feed, column["name"]))
        if why is not None:
            text = "What does this column hold? It is delivered as text."
            asked.append(Question(feed=feed, columns=(column["from"],), why=why, text=text))
            column = {key: column[key] for key in _OF_ANY_RULE if key in column} | {  # noqa: PLW2901
                "rule": "to_text",
                "description": re.sub(r"^\w+(?=[.;])", "Text", column.get("description", "")),
                "tests": [test for test in column["tests"] if "relationships" not in test],
            }
        columns.append(column)
    return proposal.model_copy(update={"columns": tuple(columns)}), asked


def _with_optional(proposal: Proposal, files: Sequence[Sequence[str]]) -> Proposal:
    """The proposal with columns that the client may leave out: those that not all files have."""
    headers = [set(map(str.casefold, columns)) for columns in files]
    columns = tuple(
        column
        if all(column["from"].casefold() in known for known in headers)
        else {
            **column,
            "optional": True,
            "required": False,
            "tests": [test for test in column["tests"] if "not_null" not in test],
        }
        for column in proposal.columns
    )
    return proposal.model_copy(update={"columns": columns})


def _write(
    engagement: Engagement, profile: FeedProfile, proposal: Proposal, asked: Sequence[Question]
) -> list[Path]:
    personal = {c.name for c in profile.columns if c.pii and c.pii.kind != "unproven"}
    columns = [
        {
            **column,
            "contains_pii": column["from"] in personal,
            "ask": [q.line for q in asked if q.columns == (column["from"],)],
        }
        for column in proposal.columns
    ]
    return write_feed_models(
        engagement.dbt_dir,
        engagement.client_id,
        profile.feed,
        columns,
        dedupe=proposal.dedupe,
        reject_when=proposal.reject_when,
        unique_together=proposal.unique_together,
        template=proposal.template,
        ask=[q.line for q in asked if len(q.columns) != 1],
    )


def _without_values(column: Mapping[str, Any]) -> dict[str, Any]:
    """A column as it may be written below tier 3: codes are values of the client."""
    if column.get("rule") != "to_code":
        return dict(column)
    return {key: value for key, value in column.items() if key != "codes"} | {"rule": "to_text"}


def try_models(
    engagement: Engagement, run_folder: Path, feeds: Sequence[str]
) -> list[Tried] | None:
    """Runs the client's models on the rows of a run, in a database of their own.

    Args:
        engagement: Whose models.
        run_folder: Of the run.
        feeds: The feeds to tell of.

    Returns:
        One entry for each column; None where no rows are kept.

    Raises:
        CleaningError: If the models can not be run at all.
    """
    received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
    if not rows_are_kept(received, run_folder):
        return None
    found = artifacts.read(run_folder / artifacts.PROFILE, artifacts.Profile)
    private = {
        (p.feed, c.name)
        for p in found.profiles
        for c in p.columns
        if c.pii or engagement.config.security_tier < FULL_TIER
    }
    with on_trial(engagement, run_folder) as again:
        run = DbtRun(again.models, again.folder, run_folder.name, readings=received.in_use)
        try:
            run.run()
        except ModelsFailedError as error:
            if any(
                o.name == f"stg_{f}" and o.status != "success"
                for o in error.outcomes
                for f in feeds
            ):
                raise
        with open_bounded(again.folder.warehouse, read_only=True) as connection:
            tried = [
                _tried(
                    connection,
                    feed,
                    name,
                    meta,
                    masked=not private.isdisjoint((feed, h) for h in headers_of(meta)),
                )
                for feed in feeds
                for name, meta in read_columns(run.manifest, feed).items()
            ]
            return tried + [rows for feed in feeds for rows in _tried_rows(connection, feed)]


def _tried(
    connection: duckdb.DuckDBPyConnection,
    feed: str,
    name: str,
    meta: Mapping[str, str],
    *,
    masked: bool,
) -> Tried:
    staged, raw = f"staging.{quoted(f'stg_{feed}')}", f"raw.{quoted(feed)}"
    mark = literal(f"{name}:")
    # a reason is `column:code`; those of one row are joined by semicolons
    sent = ", ".join(f"nullif(r.{quoted(header)}, '')" for header in headers_of(meta))
    query = (
        f"SELECT coalesce({sent}), substr(reason, length({mark}) + 1), count(*) "
        f"FROM (SELECT _row_id, unnest(string_split(_reasons, ';')) AS reason FROM {staged}) s "
        f"JOIN {raw} r ON r._row_id = s._row_id WHERE starts_with(reason, {mark}) "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    found = connection.execute(query).fetchall()
    counted = connection.execute(f"SELECT count(*) FROM {staged}").fetchall()
    reasons = [_reason(text, code, masked=masked) for text, code, _ in found]
    return Tried(
        column=f"{feed}.{name}",
        rule=meta.get("rule", "to_text"),
        rows=counted[0][0],
        rejected=sum(count for *_, count in found),
        reasons=tuple(dict.fromkeys(reasons))[:_REASONS],
    )


def _tried_rows(connection: duckdb.DuckDBPyConnection, feed: str) -> list[Tried]:
    """What each condition over whole rows would reject."""
    staged = f"staging.{quoted(f'stg_{feed}')}"
    query = (
        f"SELECT substr(reason, 5), (SELECT count(*) FROM {staged}), count(*) "
        f"FROM (SELECT unnest(string_split(_reasons, ';')) AS reason FROM {staged}) "
        "WHERE starts_with(reason, 'row:') GROUP BY 1 ORDER BY 1"
    )
    return [
        Tried(column=feed, rule="reject_when", rows=rows, rejected=rejected, reasons=(code,))
        for code, rows, rejected in connection.execute(query).fetchall()
    ]


def _reason(text: str | None, code: str, *, masked: bool) -> str:
    shown = "" if text is None else shape(text[:_LONGEST]) if masked else text[:_LONGEST]
    sentence = reason_sentences().get(code, f"{{}}: {code.replace('_', ' ')}")
    return sentence.format(f"“{shown}”")
