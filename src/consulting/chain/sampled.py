"""A sample of a client's files: sorted to feeds, profiled, modelled, and delivered on trial.

It is the chain that any run goes through, in a folder that is gone at the end. Models stay, and
how the values were written, which a first delivery is held against.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import uuid
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.cleaned import clean
from consulting.chain.delivered import deliver
from consulting.chain.earlier import keep_sample
from consulting.chain.engagement import Engagement
from consulting.chain.file_received import receive
from consulting.chain.fixtures import fixture
from consulting.chain.gate import unreadable
from consulting.chain.letter import Letter, letter_of
from consulting.chain.parts import TellsOfParts, split_by_parts
from consulting.chain.profiled import profile
from consulting.chain.proposed import propose_models
from consulting.chain.validated import validate
from consulting.config.defaults import with_defaults
from consulting.config.engagement import EngagementConfig
from consulting.config.naming import NamedFeed, Rhythm, name_feeds, rhythm_of
from consulting.errors import ConfigurationError, ConsultingError
from consulting.intake import BatchPolicy
from consulting.intake.matching import TemporaryNames
from consulting.intake.reading.formats import WorkbookFormat
from consulting.layout import ClientFolder
from consulting.privacy import Names
from consulting.privacy.tiers import FULL_TIER
from consulting.rules.template import read_template
from consulting.scratch import scratch_folder, sweep_scratch
from consulting.sources.local import LocalStore
from consulting.wording import counted
from consulting.writing import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.chain.questions import Question
    from consulting.profiling.fitting import Fit
    from consulting.records import FileReading

MOST_FILES = 200
"""A sample shows what a client sends; it is not all of it."""
_BUSINESS = "2010"
"""Days from here on are of business, as in the names of files."""
_ALIKE = 0.5
_MUCH = 0.2
_TRIES = 4
"""How often a feed's models are made anew, without the rules that did not fit."""
_SEVERAL_FILES = "archive_several_files"
_OF_MODEL = re.compile(r"^(?:stg|int|merged|rejects)_")
_AT_ONCE = {
    "settle_seconds": 0,
    "retry_seconds": 0,
    "max_files": MOST_FILES,
    "repeats": "deliver",
}


@dataclass(frozen=True)
class Place:
    """Where a client's folder, models and data lie.

    Attributes:
        clients_dir: `defs/clients/`, with the defaults that all inherit.
        dbt_dir: The shared dbt project.
        data: The data root.
        templates: Each feed follows the one of these that it fits best, if it is of its kind.
    """

    clients_dir: Path
    dbt_dir: Path
    data: Path
    templates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampled:
    """What a sample is, and what becomes of it.

    Attributes:
        config: What `defs.yaml` has to say, with the project's defaults.
        feeds: The feeds and their files.
        rhythm: The periods that the files' names tell.
        tried: The period that was delivered on trial; None where all files were.
        received: How each file was read.
        cleaning: The account of each row; None where the models could not be run.
        refused: Why there would be no delivery; None where there would be one.
        written: The models that were written.
        letter: What has to be asked of the client.
        fits: How the feeds fit the templates, where some are named.
        tells: Which sheets, and files of zips, are left out, and which are alike.
        fixtures: Feed → its first rows, masked, as a CSV file.
    """

    config: EngagementConfig
    feeds: tuple[NamedFeed, ...]
    rhythm: Rhythm | None
    tried: str | None
    received: artifacts.Intake
    cleaning: artifacts.Cleaning | None
    refused: str | None
    written: tuple[Path, ...]
    letter: Letter
    fits: tuple[Fit, ...]
    tells: tuple[TellsOfParts, ...]
    fixtures: Mapping[str, str]


def take_sample(
    sample: Path,
    client_id: str,
    attributes: Mapping[str, Any],
    place: Place,
    *,
    log: Callable[[str], None],
) -> Sampled:
    """Writes the models of a sample's feeds, and delivers the sample with them on trial.

    Args:
        sample: A file, or a folder with all that lies below it.
        client_id: The client.
        attributes: Its `client_name` and `security_tier`, as in `defs.yaml`.
        place: Where its things lie.
        log: Told of each step.

    Raises:
        ConfigurationError: If there is no such file, or none in the folder, or too many.
        ConsultingError: If the models can not be written; the next try goes on with those that
            were.
    """
    files = _files(sample)
    for name in place.templates:
        read_template(place.dbt_dir, name)  # before anything else is done
    make_folder(place.data)
    sweep_scratch(place.data)
    with scratch_folder(place.data) as scratch:
        for key, path in files.items():
            _copy(path, scratch / client_id / "incoming" / key)
        trial = _Trial(scratch, client_id, attributes, place, log)
        kept = replace(trial.engagement, folder=ClientFolder(place.data, client_id))
        record_access(kept, by="scaffold", operation="read sample", subject=sample.name)
        return trial.run(list(files))


def _files(sample: Path) -> dict[str, Path]:
    """The files of a sample by their keys; links, and what no client means to send, left out."""
    if sample.is_file():
        return {sample.name: sample}
    if not sample.is_dir():
        raise ConfigurationError(
            f"There is no file or folder {str(sample)!r}. Name a file of the client's, or a folder "
            "of files, from where you are or by its whole path."
        )
    temporary = TemporaryNames(BatchPolicy().temp_patterns, None)
    found = {
        key: path
        for path in sorted(sample.rglob("*"))
        if not temporary.covers(key := path.relative_to(sample).as_posix())
        and not path.is_symlink()
        and path.is_file()
    }
    if not found or len(found) > MOST_FILES:
        raise ConfigurationError(
            f"{str(sample)!r} holds {counted(len(found), 'file')}, and a sample has 1 to "
            f"{MOST_FILES}. Name a folder with a few files of each kind, the newest ones."
        )
    return found


def _copy(source: Path, target: Path) -> None:
    """A copy for the trial; a pipe is not waited for, and no link is followed."""
    make_folder(target.parent)
    descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened, target.open("xb") as copied:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigurationError(f"{str(source)!r} is no regular file.")
        shutil.copyfileobj(opened, copied, 1024 * 1024)


class _Trial:
    """One sample on its way through the chain, in a root of its own."""

    def __init__(
        self,
        root: Path,
        client_id: str,
        attributes: Mapping[str, Any],
        place: Place,
        log: Callable[[str], None],
    ) -> None:
        self._folder = ClientFolder(root, client_id)
        self._client_id = client_id
        self._attributes = attributes
        self._place = place
        self._log = log
        self._received: list[str] = []
        self._run_id = ""
        self._hidden = attributes["security_tier"] < FULL_TIER
        self._feeds: list[NamedFeed] = []
        self._rhythm: Rhythm | None = None
        self._tells: list[TellsOfParts] = []

    @property
    def engagement(self) -> Engagement:
        """Opened anew, so that models are read as they are now."""
        feeds = [feed.said for feed in self._feeds]
        given = with_defaults(
            {
                **self._attributes,
                "feeds": feeds or [{"name": "sample", "files": "*"}],
                "source": {"type": "local"},
                "intake": _AT_ONCE,
                "partitions": self._rhythm.partitions if self._rhythm else None,
                "schedule": None,
                "process": "on_arrival",
            },
            self._place.clients_dir,
        )
        return Engagement(
            client_id=self._client_id,
            config=EngagementConfig.model_validate(given),
            folder=self._folder,
            store=LocalStore(self._folder.incoming, client_id=self._client_id),
            ledger_url=f"sqlite:///{self._folder.root}/{self._run_id}.db",
            dbt_dir=self._place.dbt_dir,
            clients_dir=self._place.clients_dir,
        )

    def run(self, keys: Sequence[str]) -> Sampled:
        """All of the chain."""
        self._feeds = self._name_feeds(keys)
        first = received = self._receive()
        unlike = _unlike(received.readings)
        if unlike:  # files that are named alike, with columns of their own
            told = self.engagement.intake.told
            self._feeds = self._name_feeds(keys, lambda key: unlike.get(told(key), 0))
            first = received = self._receive()
        self._feeds, self._tells = split_by_parts(
            self.engagement, self._feeds, self._with_parts(keys, received)
        )
        if any(feed.said.keys() & {"sheet", "member"} for feed in self._feeds):
            first = received = self._receive()
        refused, rhythm = unreadable(received), self._rhythm_of(keys)
        if refused is None and rhythm and rhythm.certain:
            # keys and relations hold within a period: the next one brings the same ids again
            self._rhythm = rhythm
            received = self._receive()
            refused = unreadable(received)
        for line in self._received:  # of the last try alone: those before it look what there is
            self._log(line)
        run_folder = self._folder.run(received.batch.batch_id)
        found: artifacts.Profile | None = None
        written: list[Path] = []
        asked: list[Question] = []
        fits: list[Fit] = []
        fixtures: dict[str, str] = {}
        letter = Letter()
        if refused is None:
            found = self._profile(received)
            proposed = propose_models(
                self.engagement, run_folder, (), templates=self._place.templates
            )
            written, asked, fits = proposed.written, proposed.asked, proposed.fits
            for each in found.profiles:
                mine = [r for r in received.readings if r.feed == each.feed]
                fixtures[each.feed] = fixture(each, mine, run_folder)
            refused, asked = self._deliver(run_folder, found, written, asked)
            letter = letter_of(self.engagement, run_folder.name, asked)
            kept = ClientFolder(self._place.data, self._client_id)
            keep_sample(replace(self.engagement, folder=kept), run_folder)
        return Sampled(
            config=self.engagement.config,
            feeds=tuple(self._feeds_told()),
            rhythm=rhythm,
            tried=self._rhythm.periods[-1] if self._rhythm else None,
            received=first,
            cleaning=artifacts.find(run_folder / artifacts.CLEANING, artifacts.Cleaning),
            refused=refused,
            written=tuple(written),
            letter=letter,
            fits=tuple(fits),
            tells=tuple(self._tells),
            fixtures=fixtures,
        )

    def _name_feeds(
        self, keys: Sequence[str], apart: Callable[[str], object] = lambda _key: None
    ) -> list[NamedFeed]:
        """The feeds, by what of the files' names may be told."""
        said = frozenset((self._client_id, str(self._attributes["client_name"])))
        names = Names(hidden=self._hidden, known=said)
        files: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            files[names.blanked(key)].append(key)
        return [
            feed.model_copy(
                update={"files": tuple(key for name in feed.files for key in files[name])}
            )
            for feed in name_feeds(files, apart=lambda name: apart(files[name][0]))
        ]

    def _with_parts(self, keys: Sequence[str], received: artifacts.Intake) -> dict[str, Path]:
        """The files that may hold several tables: workbooks, and zips of several files."""
        named = {r.filename for r in received.readings if r.format in WorkbookFormat.names}
        named |= {q.filename for q in received.quarantined if q.code == _SEVERAL_FILES}
        told = self.engagement.intake.told
        return {key: self._folder.incoming / key for key in keys if told(key) in named}

    def _feeds_told(self) -> Iterator[NamedFeed]:
        told = self.engagement.intake.told
        for feed in self._feeds:
            yield feed.model_copy(update={"files": tuple(map(told, feed.files))})

    def _rhythm_of(self, keys: Sequence[str]) -> Rhythm | None:
        """The rhythm; days that may be of birth are none to tell below tier 3."""
        rhythm = rhythm_of(keys, now=datetime.now(UTC))
        return rhythm if rhythm and (not self._hidden or rhythm.start >= _BUSINESS) else None

    def _receive(self) -> artifacts.Intake:
        self._run_id = uuid.uuid4().hex
        period = self._rhythm.periods[-1] if self._rhythm else None
        engagement = self.engagement
        # each try has a ledger of its own, and what lies here was read at this tier
        engagement.intake.hold_tier(engagement.config.security_tier)
        self._received.clear()
        return receive(
            engagement, run_id=self._run_id, batch_id=None, period=period, log=self._received.append
        )

    def _profile(self, received: artifacts.Intake) -> artifacts.Profile:
        batch_id = received.batch.batch_id
        return profile(self.engagement, batch_id=batch_id, run_id=self._run_id, log=self._log)

    def _deliver(
        self,
        run_folder: Path,
        found: artifacts.Profile,
        written: Sequence[Path],
        asked: list[Question],
    ) -> tuple[str | None, list[Question]]:
        """The stages after the profile; why they would deliver nothing, and what is asked then.

        A rule that rejects much of its own sample is no rule for it: the column stays text.
        """
        named = {"batch_id": run_folder.name, "run_id": self._run_id}
        try:
            as_text: dict[tuple[str, str], str] = {}
            for _ in range(_TRIES):  # a row counts for its first reason: others may show then
                cleaned = clean(self.engagement, **named, log=self._log)
                unfit = _unfit(cleaned, written, found)
                if unfit.keys() <= as_text.keys():
                    break
                as_text |= unfit
                feeds = sorted({feed for feed, _ in as_text})
                for path in written:  # all of a feed: a model without its YAML does not compile
                    if _OF_MODEL.sub("", path.stem) in feeds:
                        path.unlink()
                again = propose_models(
                    self.engagement,
                    run_folder,
                    feeds,
                    as_text=as_text,
                    templates=self._place.templates,
                )
                asked = [q for q in asked if q.feed not in feeds] + again.asked
            else:
                clean(self.engagement, **named, log=self._log)
            validate(self.engagement, **named, log=self._log)
            # it says where the delivery lies, and that place is gone at the end
            deliver(self.engagement, **named, log=lambda _line: None)
        except ConsultingError as error:
            return str(error), asked
        return None, asked


def _unfit(
    cleaning: artifacts.Cleaning, written: Sequence[Path], profiled: artifacts.Profile
) -> dict[tuple[str, str], str]:
    """The columns whose rule rejects much of what they hold, of the feeds whose models are new."""
    new = {path.stem for path in written if path.suffix == ".yml"}
    rules = {(m.feed, m.target_column): m.rule for m in cleaning.mappings}
    held = {
        (profile.feed, column.name): profile.row_count - column.null_count - column.null_like_count
        for profile in profiled.profiles
        for column in profile.columns
    }
    values = {
        (m.feed, m.target_column): held.get((m.feed, m.source_columns[0]), 0)
        for m in cleaning.mappings
        if len(m.source_columns) == 1
    }
    found: dict[tuple[str, str], str] = {}
    for account in cleaning.accounts:
        for code, rows in account.rejected.items():
            key = (account.feed, code.rpartition(":")[0])
            much = rows >= _MUCH * values.get(key, account.received)
            if account.feed in new and key in rules and much:
                found[key] = f"As {rules[key]}, {rows:,} of {account.received:,} rows are rejected."
    return found


def _unlike(readings: Sequence[FileReading]) -> dict[str, int]:
    """File → which of its feed's kinds of columns it has, where there are several kinds."""
    kinds: dict[str, list[frozenset[str]]] = defaultdict(list)
    found: dict[str, int] = {}
    for reading in readings:
        columns = frozenset(name.casefold() for name in reading.columns)
        known = kinds[reading.feed]
        found[reading.filename] = next(
            (n for n, other in enumerate(known) if _overlap(columns, other) >= _ALIKE), len(known)
        )
        if found[reading.filename] == len(known):
            known.append(columns)
    return found if any(found.values()) else {}


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))
