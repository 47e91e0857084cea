"""A client's dbt models: what they are, read from a manifest that is prepared once per content.

dbt parses a client in about a second, after three for its import. Loading the definitions of many
clients can not wait for that, so a parse leaves two files in a folder named after the hash of all
it depends on: a slim `manifest.json` for definitions, and the full manifest for runs.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.bounded_child import no_garbage
from consulting.cleaning.client_files import (
    PROJECT_FILE,
    ClientFiles,
    files_below,
    shared_files,
    shown_path,
)
from consulting.cleaning.invocation import DBT_SECRET, parse_dbt
from consulting.cleaning.library import library_files, write_library
from consulting.cleaning.meaning import meaning_of
from consulting.cleaning.named_tests import reads_of_nothing
from consulting.cleaning.parsed_macros import SAVED, bring_macros, lay_macros
from consulting.cleaning.rehearsal import rehearse_dbt
from consulting.cleaning.rules import check_rules, listed_values
from consulting.cleaning.slim import FORMAT, empty_manifest, nodes_of, slim_manifest
from consulting.cleaning.survey import survey
from consulting.cleaning.templated import project_copy, templated_project
from consulting.client_environment import ALLOWED, client_environment
from consulting.errors import CleaningError
from consulting.plugins import version_of
from consulting.privacy import Declared
from consulting.records import ReadColumn
from consulting.regex import mistake_in
from consulting.rules import column_rule, headers_of
from consulting.rules.accepted import Mark, read_marks, read_suspicions
from consulting.rules.template import FOLDER as TEMPLATES
from consulting.rules.template import named_templates, template_file
from consulting.shared_child import StoppedError, each_apart, make_ready, read_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from consulting.rules import ColumnRule
    from consulting.rules.numbers import OtherMark

    _Of: TypeAlias = Callable[[Path, bytes], bytes]
    _State: TypeAlias = tuple[tuple[str, int, int, int, int], ...]

SLIM, FULL = "manifest.json", "manifest.msgpack"
_CLIENT_ID = re.compile(r"[a-z][a-z0-9_]*")
_OLD_FINGERPRINTS_KEPT = 1
_UNSURE_NS = 100_000_000
"""So young, a file's time does not tell whether it was written again."""


_LEADS_ELSEWHERE = re.compile(r"[/\\\0]|^\.")


@functools.lru_cache(maxsize=1)
def _loaded(packed: Path) -> Any:
    """The manifest in a file, whose folder is named by its content; to read it costs as a model."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(packed.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


class ClientModels:
    """The dbt models of one client.

    Args:
        dbt_dir: The shared dbt project.
        client_id: The client; `dbt_project.yml` says where its models lie.

    Raises:
        CleaningError: If the client id is not a folder name that can be one.
    """

    def __init__(self, dbt_dir: Path, client_id: str) -> None:
        if not _CLIENT_ID.fullmatch(client_id):
            raise CleaningError(
                f"{client_id!r} can not be a client id. Use lower-case letters, digits and "
                "underscores, with a letter first."
            )
        self.dbt_dir = dbt_dir.absolute()
        self.client_id = client_id
        self.files = ClientFiles(self.dbt_dir, client_id)

    @property
    def folder(self) -> Path:
        """The client's own models and their YAML."""
        return self.files.home

    @property
    def cache(self) -> Path:
        """What has been prepared for this client: one folder per fingerprint."""
        return self.dbt_dir / "target" / "clients" / self.client_id

    def fingerprint(self) -> str:
        """The hash of all that the manifest depends on, but not of where the project lies."""
        made_of = f"{FORMAT} {_versions()} {self.content_hash()}"
        return hashlib.sha256(made_of.encode()).hexdigest()[:32]

    def content_hash(self, *, said_in_comments: bool = True) -> str:
        """The hash of the files that dbt reads of this client, and of those all clients share.

        Args:
            said_in_comments: Whether comments and blanks count, which make no other table.
        """
        of = _content if said_in_comments else meaning_of
        digest = hashlib.sha256(f"{self.client_id}\n".encode())
        if (self.dbt_dir / PROJECT_FILE).exists():
            write_library(self.dbt_dir)
        digest.update(_shared_digest(self.dbt_dir, of))
        digest.update(self._own_digest(of))
        return digest.hexdigest()[:32]

    def _own_digest(self, of: _Of) -> bytes:
        """The hash of the client's files and of the templates they name; as `_shared_digest`."""
        listed = self.files.listed()
        state = _state_of([*listed, *files_below(self.dbt_dir / TEMPLATES)])
        # a file that was just written may be written again within one tick of its clock
        settled = all(time.time_ns() - max(times) > _UNSURE_NS for _, *times, _, _ in state)
        hashed = _hashed_client if settled else _hashed_client.__wrapped__
        return hashed(self.dbt_dir, self.client_id, tuple(listed), state, of)

    def load_manifest(self) -> dict[str, Any]:
        """The slim manifest: all that asset specs, check specs and the deliverables need.

        Returns:
            A manifest as dbt writes it, without macros, in a stable order. It has no nodes where
            the client has no models.

        Raises:
            CleaningError: If the models have to be parsed and dbt can not.
        """
        manifest: dict[str, Any] = json.loads((self.prepare() / SLIM).read_bytes())
        return manifest

    def is_prepared(self) -> bool:
        """Whether exactly this content has been prepared already."""
        return (self.cache / self.fingerprint() / SLIM).exists()

    def copied(self, folder: Path) -> Path:
        """A copy of the dbt project with what this client sees of it, to write into.

        Args:
            folder: Where; the copy has the paths of the original below it.
        """
        copy = project_copy(self.files, self.dbt_dir, folder, templates=True)
        bring_macros(self.dbt_dir, copy)
        return copy

    def prepare(self) -> Path:
        """Parse the client's models, unless that has been done for exactly this content.

        Two processes may prepare at the same time; the first to finish wins, with equal content.

        Returns:
            The folder of the slim and the full manifest.

        Raises:
            CleaningError: If dbt can not parse them, or a rule is declared wrongly.
        """
        prepared = self.cache / self.fingerprint()
        if (prepared / SLIM).exists():
            return prepared
        if not self._has_models():
            return self.parse()
        try:
            return read_apart(
                self.client_id,
                "its dbt models",
                Path,
                _parse_apart,
                self,
                _environment_of(self),
                memory=self.cache / f".stopped-{prepared.name}",
                prepare=_have_dbt,  # a client's seconds are not spent on imports
            )
        except StoppedError as error:
            raise CleaningError(str(error)) from None

    def parse(self) -> Path:
        """Parse the client's models in this process, whatever that costs; as `prepare`."""
        fingerprint = self.fingerprint()
        prepared = self.cache / fingerprint
        self.cache.mkdir(parents=True, exist_ok=True)
        with _working_folder(self.cache) as work:
            self._parse_into(work, fingerprint)
            _publish(work, prepared)
        self._prune(prepared)
        return prepared

    def load_full_manifest(self) -> Any:
        """Dbt's own manifest object: one for all commands on the same content."""
        return _loaded(self.prepare() / FULL)

    def declared_columns(self) -> dict[str, list[str]]:
        """The source columns that the client's YAML names, by feed: those read, then the others."""
        return declared_columns(self.load_manifest())

    def reads(self, feed: str) -> list[ReadColumn]:
        """What the models read of a feed's files; not what the YAML says is dropped."""
        manifest = self.load_manifest()
        found: dict[tuple[str, ...], ReadColumn] = {}
        metas = read_columns(manifest, feed).values()
        apart = {h for meta in metas if meta.get("rule") == "to_currency" for h in headers_of(meta)}
        for meta in metas:
            rule = column_rule(meta)
            one = ReadColumn(
                names=rule.sources,
                rule=meta.get("rule"),
                optional=rule.optional,
                currency_apart=not apart.isdisjoint(rule.sources),
                **dict(rule.written()),
            )
            first = found.setdefault(one.names, one)
            if first.optional and not one.optional:
                found[one.names] = one
        named = {name for names in found for name in names}
        others = [
            ReadColumn(names=(name,))
            for source in _raw_sources(manifest)
            if source["identifier"] == feed
            for name, column in source["columns"].items()
            if name not in named and not (column.get("meta") or {}).get("dropped_because")
        ]
        return [*found.values(), *others]

    def decimal_marks(self, feed: str) -> dict[str, OtherMark]:
        """Source column → how its rule reads numbers, where that is not with a point alone."""
        found: dict[str, OtherMark] = {}
        for name, rule in self._rules(feed):
            mark = rule.written().decimal
            if rule.rule == "to_integer":
                found[name] = "comma" if mark == "comma" else "whole"
            elif mark and mark != "point":
                found[name] = mark
        return found

    def read_beside(self, feed: str) -> frozenset[str]:
        """The source columns whose rules read a currency or a unit beside a number."""
        written = ((name, rule.written()) for name, rule in self._rules(feed))
        return frozenset(name for name, of in written if of.currency or of.units)

    def declared_privacy(self, feed: str) -> dict[str, Declared]:
        """Source column → what the YAML says of its values: `contains_pii`, and those it lists."""
        found: dict[str, Declared] = {}
        for name, meta in self._metas(feed):
            said = meta.get("contains_pii")
            before = found.get(name, Declared())
            found[name] = Declared(
                # of two that read one column, the one that hides it is heard
                contains_pii=said if before.contains_pii is None else before.contains_pii or said,
                known=before.known | listed_values(meta),
            )
        return found

    def accepted(self, feed: str) -> dict[str, tuple[Mark, ...]]:
        """Source column → what was looked at there and is right."""
        found: dict[str, tuple[Mark, ...]] = {}
        for name, meta in self._metas(feed):
            known = found.get(name, ())  # of combinations, which have no hash
            if marks := [m for m in read_marks(meta.get("accepted", ())) if m not in known]:
                found[name] = (*known, *marks)
        return found

    def suspected(self, feed: str) -> dict[str, dict[str, bool]]:
        """Source column → issue type that was suspected there → whether it is wrong."""
        found: dict[str, dict[str, bool]] = {}
        for name, meta in self._metas(feed):
            for one in read_suspicions(meta.get("suspected", ())):
                found.setdefault(name, {})[one.issue] = one.wrong
        return found

    def replaced(self, feed: str) -> dict[str, dict[str, str]]:
        """Source column → the texts that are wrong there → what its rules replace them by."""
        found: dict[str, dict[str, str]] = {}
        for name, meta in self._metas(feed):
            for right, texts in (meta.get("replace") or {}).items():
                found.setdefault(name, {}).update(dict.fromkeys(texts, right))
        return found

    def _metas(self, feed: str) -> list[tuple[str, dict[str, Any]]]:
        """Each source column that the YAML names, with what is said of it there."""
        manifest = self.load_manifest()
        metas = [
            (name, column.get("meta") or {})
            for source in _raw_sources(manifest)
            if source["identifier"] == feed
            for name, column in source["columns"].items()
        ]
        return metas + [
            (header, meta)
            for meta in read_columns(manifest, feed).values()
            for header in headers_of(meta)
        ]

    def _rules(self, feed: str) -> Iterator[tuple[str, ColumnRule]]:
        """Each source column that is read, with a rule that reads it."""
        for rule in map(column_rule, read_columns(self.load_manifest(), feed).values()):
            yield from ((header, rule) for header in rule.sources)

    def yaml_of(self, feed: str) -> Path:
        """The YAML file that describes a feed's delivered table, or would."""
        node = self.load_manifest()["nodes"].get(f"model.consulting.{feed}") or {}
        named = (node.get("patch_path") or "").rpartition("://")[2]
        if named:
            return Path(os.path.normpath(self.dbt_dir / named))
        return self.folder / f"{feed}.yml"

    def _has_models(self) -> bool:
        return any(path.suffix != ".md" for path in self.files.listed())

    def _parse_into(self, work: Path, fingerprint: str) -> None:
        own = (path for path in self.files.listed() if path.suffix.lower() == ".py")
        _refuse_python(self.client_id, map(self.files.shown, own))
        if not self._has_models():
            slim = empty_manifest(self.client_id, fingerprint)
        else:
            survey(self.files, self.client_id, self.dbt_dir)
            copy = work / "project"
            shared = hashlib.sha256(_shared_digest(self.dbt_dir, _content)).hexdigest()[:32]
            digest = f"{_versions()} {shared}".replace(" ", "-")
            parsed = parse_dbt(
                goes_on=lay_macros(self.dbt_dir, self.client_id, work, digest),
                client_id=self.client_id,
                dbt_dir=self.dbt_dir,
                target=work,
                project=templated_project(self.files, self.dbt_dir, copy),
            )
            nodes = (*parsed.nodes.values(), *parsed.functions.values())
            _refuse_paths(self.client_id, (*nodes, *parsed.unit_tests.values()))
            python = (n for n in nodes if getattr(n, "language", "sql") == "python")
            _refuse_python(self.client_id, (shown_path(n.original_file_path) for n in python))
            own_files = {os.path.relpath(path, self.dbt_dir) for path in self.files.listed()}
            if lost := [*reads_of_nothing(parsed, own_files)]:
                raise CleaningError("\n".join(f"{self.client_id}: {each}" for each in lost))
            slim = slim_manifest(parsed, self.client_id, fingerprint)
            check_rules(slim, self.dbt_dir, self.client_id)
            # dbt leaves the full manifest here for its own partial parsing
            (work / SAVED).rename(work / FULL)
        for leftover in work.iterdir():
            if leftover.name != FULL:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        (work / SLIM).write_text(json.dumps(slim, separators=(",", ":"), default=str))

    def _prune(self, current: Path) -> None:
        """Remove old fingerprints, but for the newest: a run may have just read it."""
        old = [path for path in self.cache.iterdir() if path != current and path.name[0] != "."]
        ages = {path: path.stat().st_mtime for path in old if path.exists()}
        for path in sorted(ages, key=lambda path: ages[path])[:-_OLD_FINGERPRINTS_KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _refuse_paths(client_id: str, nodes: Iterable[Any]) -> None:
    """Refuse a name that leads elsewhere: dbt writes each test's SQL to a file of its name.

    Raises:
        CleaningError: If there is one; names its file.
    """
    for node in nodes:
        if _LEADS_ELSEWHERE.search(node.name):
            raise CleaningError(
                f"{client_id}: {shown_path(node.original_file_path)} names a test or a model "
                f"{node.name!r}, which is a path. Give it a name of letters, digits and _."
            )


def expect_parse() -> None:
    """Have dbt at hand for the next parse of this thread, while it goes on with something else."""
    make_ready(_have_dbt)


@no_garbage()
def _have_dbt() -> None:
    """Work out what each parse needs alike; in a client's process it would be lost.

    That is what dbt keeps, our macros, versions, and the engine of the rules' patterns.
    """
    rehearse_dbt()
    _versions()
    library_files()
    mistake_in("")


def _parse_apart(models: ClientModels, environment: dict[str, str]) -> Path:
    """In a process of its own: parse with the variables of the client."""
    os.environ.update(environment)
    return models.parse()


def _environment_of(models: ClientModels) -> dict[str, str]:
    """What dbt may see: the client's variables, and the secrets that `profiles.yml` may name."""
    clients = models.folder.parent
    others = [path.name for path in clients.iterdir()] if clients.is_dir() else []
    return client_environment(models.client_id, others) | {
        name: value
        for name, value in os.environ.items()
        if name.startswith(DBT_SECRET) or name == ALLOWED
    }


def prepare_all(dbt_dir: Path, client_ids: Iterable[str]) -> dict[str, CleaningError]:
    """Prepare many clients, in as many children as there are processors.

    Args:
        dbt_dir: The shared dbt project.
        client_ids: The clients.

    Returns:
        The error of each client whose models can not be parsed; one never stops the others.
    """

    def prepare(client_id: str) -> CleaningError | None:
        try:
            ClientModels(dbt_dir, client_id).prepare()
        except CleaningError as error:
            return error
        return None

    wanted = [*client_ids]
    each = zip(wanted, each_apart(prepare, wanted), strict=True)
    return {client_id: error for client_id, error in each if error is not None}


def feeds_of(manifest: dict[str, Any]) -> list[str]:
    """The feeds that have models or a declared source, in alphabetical order."""
    raw = {node["identifier"] for node in _raw_sources(manifest)}
    staged = {
        node["name"].removeprefix("stg_")
        for node in nodes_of(manifest)
        if node["name"].startswith("stg_")
    }
    return sorted(raw | staged)


def declared_columns(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """As `ClientModels.declared_columns`, from a manifest that is loaded already."""
    columns: dict[str, dict[str, None]] = {feed: {} for feed in feeds_of(manifest)}
    for feed, names in columns.items():
        for meta in read_columns(manifest, feed).values():
            names.update(dict.fromkeys(headers_of(meta)))
    for source in _raw_sources(manifest):
        for name in source["columns"]:
            columns[source["identifier"]][name] = None
    return {feed: list(names) for feed, names in columns.items()}


def read_columns(manifest: dict[str, Any], feed: str) -> dict[str, dict[str, Any]]:
    """The columns of a feed that are read from a source column, with their meta, in YAML's order.

    Args:
        manifest: A slim manifest.
        feed: The feed.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in (feed, f"stg_{feed}"):
        node = manifest["nodes"].get(f"model.consulting.{name}")
        for column in node["columns"].values() if node else ():
            if column["meta"].get("from"):
                found[column["name"]] = column["meta"]
    return found


def _raw_sources(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["sources"].values() if node["schema"] == "raw"]


def _refuse_python(client_id: str, paths: Iterable[str]) -> None:
    """Refuse models in Python: dbt would run them in this process, with all that it may do."""
    for path in paths:
        raise CleaningError(
            f"{client_id}: {path} is a model in Python, and those are not run: it could read "
            "every client's files and secrets. Write it as SQL, and remove this file."
        )


def _versions() -> str:
    return " ".join(f"{name}={version_of(name)}" for name in ("dbt-core", "dbt-duckdb"))


def _content(_path: Path, content: bytes) -> bytes:
    return content


def _shared_digest(dbt_dir: Path, of: _Of) -> bytes:
    """The hash of what all clients share, computed again only when a file's time or size moved.

    That is all of the project but the clients' own models: macros, tests, seeds, packages, and
    whatever else `dbt_project.yml` may name.
    """
    return _hashed_files(str(dbt_dir), _state_of(shared_files(dbt_dir)), of)


def _state_of(paths: Iterable[Path]) -> _State:
    """The regular files among some, each with what moves when it is written."""
    return tuple(
        (str(path), found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
        for path in paths
        if path.exists() and stat.S_ISREG((found := path.stat()).st_mode)
    )


@functools.lru_cache(maxsize=64)
def _hashed_client(
    dbt_dir: Path, client_id: str, listed: tuple[Path, ...], _state: _State, of: _Of
) -> bytes:
    files, digest = ClientFiles(dbt_dir, client_id), hashlib.sha256()
    templates: set[str] = set()
    for path in listed:
        content = files.read(path)
        templates |= named_templates(content)
        digest.update(_named(os.path.relpath(path, dbt_dir), of(path, content)))
    for path in (template_file(dbt_dir, name) for name in sorted(templates)):
        if path.is_file():
            digest.update(_named(path.name, of(path, path.read_bytes())))
    return digest.digest()


@functools.lru_cache(maxsize=8)
def _hashed_files(root: str, state: _State, of: _Of) -> bytes:
    digest = hashlib.sha256()
    for path, *_ in state:
        content = of(Path(path), Path(path).read_bytes())
        digest.update(_named(os.path.relpath(path, root), content))
    return digest.digest()


def _named(name: str, content: bytes) -> bytes:
    """What a hash of several files takes of one."""
    return f"{name}\0".encode() + hashlib.sha256(content).digest()


@contextlib.contextmanager
def _working_folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".preparing-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(work: Path, prepared: Path) -> None:
    """Move a finished folder to its name in one step; another process may have been first."""
    try:
        work.rename(prepared)
    except OSError:
        if not (prepared / SLIM).exists():
            raise
