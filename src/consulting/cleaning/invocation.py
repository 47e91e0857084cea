"""One dbt command at a time in this process: dbt keeps its flags, adapters and log in globals."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import threading
from typing import TYPE_CHECKING, Any, Literal

from dbt import mp_context

from consulting.bounded_memory import held_words, is_held
from consulting.cleaning.client_files import MODELS_OF_CLIENTS, ClientFiles, shown_path
from consulting.cleaning.remembered import remember_dbt
from consulting.cleaning.sandbox import confine_jinja
from consulting.client_environment import client_environment
from consulting.errors import CleaningError
from consulting.foreign import ErrorLog, phrase_of
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb
    from dbt.cli.main import dbtRunnerResult

DBT_SECRET = "DBT_ENV_SECRET_"  # noqa: S105 - a name, no secret
"""How a variable's name begins that `profiles.yml` alone may read."""
NO_WAREHOUSE = "/dev/null/warehouse.duckdb"
"""Called as every client's, and can not be opened."""
_ONE_AT_A_TIME = threading.RLock()

# dbt makes locks as for processes that are spawned, and Python starts another to watch over those:
# one for each process of ours. It spawns none; and it takes this when its own modules are imported
mp_context._MP_CONTEXT = multiprocessing.get_context("fork")  # type: ignore[assignment]  # noqa: SLF001

# No anonymous usage data, no version look-ups, no log file: dbt's own log holds values of rows.
# What lies in a schema is asked when something is built there, not of all at each command.
_QUIET = (
    "--quiet",
    "--log-level=none",
    "--log-level-file=none",
    "--no-print",
    "--no-populate-cache",
    "--no-write-json",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
    "--no-use-colors",
)


class Progress(Record):
    """One event of a dbt command: a model or test that started or ended.

    Attributes:
        kind: What it is.
        name: The model or test.
        status: "started", or dbt's status at its end ("success", "pass", "warn", "fail", "error").
        index: Its place in the run, from 1.
        total: How many there are.
        seconds: How long it took; 0 at its start.
    """

    kind: Literal["model", "test"]
    name: str
    status: str
    index: int
    total: int
    seconds: float = 0.0


def parse_dbt(
    *options: str,
    client_id: str,
    dbt_dir: Path,
    target: Path,
    project: Path | None = None,
    goes_on: bool = False,
) -> Any:
    """Have dbt parse a project, and give its manifest.

    Args:
        options: Of `dbt parse`.
        client_id: Whose models the project is narrowed to.
        dbt_dir: The shared project.
        target: Where this command may write; no other may at the same time.
        project: A copy of the project to read in its place, where there is one.
        goes_on: Whether it goes on from what lies in `target`.

    Raises:
        CleaningError: If dbt could not do it.
        BaseException: If this process was told to stop meanwhile: what it was told with.
    """
    arguments = [
        "parse",
        *options,
        "--partial-parse" if goes_on else "--no-partial-parse",
        f"--project-dir={project or dbt_dir}",
    ]
    with _invoked(arguments, client_id, dbt_dir, target) as outcome:
        if outcome.exception is not None:
            files = ClientFiles(dbt_dir, client_id)
            raise CleaningError(_explain(client_id, str(outcome.exception), files))
        return outcome.result


@contextlib.contextmanager
def invoke_dbt(  # noqa: PLR0913  # a command is what it is run with
    command: Sequence[str],
    *,
    client_id: str,
    dbt_dir: Path,
    target: Path,
    warehouse: Path,
    manifest: Any,
    on_progress: Callable[[Progress], None],
    error_log: ErrorLog,
) -> Iterator[Any]:
    """Run one dbt command in this process; its database is open for `connection` until the end.

    Args:
        command: "run" or "test", and its options.
        client_id: Whose models the project is narrowed to.
        dbt_dir: The shared project.
        target: Where this command may write; no other may at the same time.
        warehouse: The client's database.
        manifest: A prepared manifest, which saves the parse.
        on_progress: Told of every model and test.
        error_log: Where dbt's text is kept if it may quote rows.

    Yields:
        The results of the nodes.

    Raises:
        CleaningError: If dbt could not do the command at all.
        BaseException: If this process was told to stop meanwhile: what it was told with.
    """
    arguments = [*command, "--no-partial-parse", f"--project-dir={dbt_dir}"]
    told = {"manifest": manifest, "callbacks": [_listener(on_progress)]}
    with _invoked(arguments, client_id, dbt_dir, target, warehouse, **told) as outcome:
        if outcome.exception is not None:
            text = str(outcome.exception)
            raise CleaningError(_stopped(client_id, text, error_log.keep(text, command[0])))
        yield outcome.result


@contextlib.contextmanager
def _invoked(  # noqa: PLR0913
    command: Sequence[str],
    client_id: str,
    dbt_dir: Path,
    target: Path,
    warehouse: Path | None = None,
    *,
    manifest: Any = None,
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> Iterator[dbtRunnerResult]:
    """What dbt's runner gives; the database is closed at the end."""
    arguments = [
        *_QUIET,
        f"--log-path={target / 'logs'}",
        *command,
        f"--profiles-dir={dbt_dir}",
        f"--target-path={target}",
        f"--vars={json.dumps({'client': client_id})}",
    ]
    confined = _Confined(_environment(client_id, dbt_dir, warehouse))
    with _ONE_AT_A_TIME:
        from dbt.cli.main import dbtRunner

        confine_jinja()
        remember_dbt()
        try:
            runner = dbtRunner(manifest=manifest, callbacks=[confined, *callbacks])
            outcome = runner.invoke(arguments)
            if outcome.exception is not None and not isinstance(outcome.exception, Exception):
                # dbt catches whatever stops the process, too
                raise outcome.exception
            yield outcome
        finally:
            _close_database()


def connection() -> duckdb.DuckDBPyConnection:
    """Another connection to the database that dbt has open."""
    opened: duckdb.DuckDBPyConnection = _dbt_connections().env().handle().cursor()
    return opened


def _dbt_connections() -> Any:
    """What holds the database that dbt has open, of this process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    return DuckDBConnectionManager


def _stopped(client_id: str, message: str, kept: str) -> str:
    """Why dbt could not do a command at all, though it was given a database."""
    if is_held(message):
        return held_words(client_id)
    return f"{client_id}: dbt stopped: {what_of(message, '')}. {kept}"


def _close_database() -> None:
    """Release the client's file.

    During a command dbt-duckdb keeps it open: opening it for each model would double the cost.
    """
    connections = _dbt_connections()
    with contextlib.suppress(Exception):  # a plain Exception says that nothing was opened
        connections.env().close()
    connections.close_all_connections()


def _environment(client_id: str, dbt_dir: Path, warehouse: Path | None) -> dict[str, str]:
    """All the variables that dbt sees: the client's, and what `profiles.yml` is made of."""
    from dbt_common.constants import SECRET_ENV_PREFIX

    clients = dbt_dir / MODELS_OF_CLIENTS
    others = [path.name for path in clients.iterdir()] if clients.is_dir() else []
    # dbt lets profiles.yml and packages.yml name these, and refuses them to all else
    secrets = {n: value for n, value in os.environ.items() if n.startswith(SECRET_ENV_PREFIX)}
    # a parse opens none, and is every client's alike as far as the profile goes
    own = {"CONSULTING_WAREHOUSE": str(warehouse or NO_WAREHOUSE)}
    return client_environment(client_id, others) | secrets | own


class _Confined:
    """Takes the process's environment from dbt at its first event, before it has read a file.

    dbt copies `os.environ` when a command begins and offers no other way to say what `env_var`
    may find. To change `os.environ` itself would take it from the other threads of this process.

    Args:
        environment: What dbt sees from then on.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment: Mapping[str, str] | None = environment

    def __call__(self, _event: Any) -> None:
        if self._environment is not None:
            from dbt_common.context import set_invocation_context
            from dbt_common.events import functions

            set_invocation_context(self._environment)
            # what `dbt_metadata_envs` and the manifest would repeat of it
            functions.metadata_vars = {}
            self._environment = None


def _listener(on_progress: Callable[[Progress], None]) -> Callable[[Any], None]:
    def listen(event: Any) -> None:
        data = event.data
        if event.info.name == "LogStartLine":
            status, total, seconds = "started", data.total, 0.0
        elif event.info.name == "LogModelResult":
            status, total, seconds = data.status, data.total, data.execution_time
        elif event.info.name == "LogTestResult":
            status, total, seconds = data.status, data.num_models, data.execution_time
        else:
            return
        on_progress(
            Progress(
                kind="test" if data.node_info.resource_type == "test" else "model",
                name=data.node_info.node_name,
                status=status.split()[0].lower().replace("ok", "success"),
                index=data.index,
                total=total,
                seconds=seconds,
            )
        )

    return listen


_KINDS = (
    "Binder", "Catalog", "Compilation", "Connection", "Constraint", "Conversion", "Database",
    "Dependency", "Internal", "Interrupt", "Invalid Input", "IO", "Mismatch Type",
    "Not implemented", "Out of Memory", "Out of Range", "Parser", "Parsing", "Permission",
    "Runtime", "Serialization", "Syntax", "Transaction", "Validation",
)  # fmt: skip
_KIND = re.compile(rf"\b(?:{'|'.join(_KINDS)}) Error\b")
_LINE = re.compile(r"\bLINE (\d{1,7}):")
_NAME = re.compile(r'"([^"\n]{1,200})"|\b(?:with name|source column|column) (\w{1,200})')
_NAME_IN_DBT = re.compile(r"""["']([^"'\n]{1,200})["']|\b(?:model|macro|test|named) (\w{1,200})""")
_MOST_NAMES = 5
_LOCKED_SETTINGS = "the configuration has been locked"


def what_of(message: str, code: str, quoted_as: re.Pattern[str] = _NAME) -> str:
    """What may be told of an error that dbt or DuckDB raised while it worked on rows.

    Its text may quote rows in any way. Told is the kind of error, the line of the SQL, and those
    names in it that stand in the model's own code: whoever wrote them knows them.

    Args:
        message: The text.
        code: The model's or test's code, and the names its YAML declares.
        quoted_as: How the text writes names; of rows only what is surely a name is looked at.
    """
    kinds = _KIND.findall(message)
    kind = kinds[-1] if kinds else "An error of another kind"
    names = dict.fromkeys(quoted or bare for quoted, bare in quoted_as.findall(message))
    words = (name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code))
    known = list(words)[:_MOST_NAMES]
    about = f", about {', '.join(map(repr, known))}" if known else ""
    line = _LINE.search(message)
    where = f", in line {line[1]} of its compiled SQL" if line else ""
    locked = f" ({_LOCKED_SETTINGS})" if _LOCKED_SETTINGS in message else ""
    return f"{kind}{about}{where}{locked}"


_SAID = (
    "which was not found", "is undefined", "unexpected end of template", "expected token",
    "encountered unknown tag", "no filter named", "no test named", "already defined",
    "two resources with the", "found a cycle", "unexpected char", "takes no keyword argument",
    "takes not more than", "required positional argument",
    "secret env vars are allowed only in profiles.yml or packages.yml",
    "unexpected", "is disabled", "not found",
)  # fmt: skip
"""What dbt and Jinja say themselves; the first that stands in a text is told."""
_WORDS_OF_YAML = re.compile(r"^[\s-]*name:\s*['\"]?(\w+)", re.MULTILINE)


def _explain(client_id: str, message: str, files: ClientFiles) -> str:
    """An error of parsing as one sentence that names client, file and line, and what to do.

    No row is read by then, but a YAML may hold values of the client (codes, headers), and dbt's
    text may quote any of it. Told are the kind, dbt's own words, and those names that stand in the
    SQL that somebody wrote, or are declared as names. The whole text dbt tells whoever runs it.

    Args:
        client_id: Whose models.
        message: dbt's text.
        files: The client's.
    """
    text = re.split(r"\n\s*LINE \d+:|\n\s*compiled code at", message)[0].strip()
    said = phrase_of(text.casefold(), _SAID)
    fix = "Correct the file and run again."
    if said == "which was not found":
        fix = "A model can refer to shared models and to this client's own; check the spelling."
    what = what_of(text, _words_of_engineers(files), _NAME_IN_DBT)
    what += f" ({said})" if said else ""
    return (
        f"{client_id}: dbt stopped{_place(text, files)}: {what}. {fix} dbt tells its whole text, "
        "which may quote the YAML, in the folder of its project: "
        f"dbt parse --vars '{{client: {client_id}}}'"
    )


def _words_of_engineers(files: ClientFiles) -> str:
    """The SQL of the client's models, and the names that its YAML declares."""
    found: list[str] = []
    for path in files.listed():
        text = files.read(path).decode("utf-8", "replace")
        found += [text] if path.suffix == ".sql" else _WORDS_OF_YAML.findall(text)
    return "\n".join(found)


def _place(text: str, files: ClientFiles) -> str:
    path = re.search(r"[\w./-]*(?:models|macros|tests)/[\w./-]+\.(?:sql|ya?ml)", text)
    bare = re.search(r"reading consulting: ([\w./-]+\.(?:sql|ya?ml))", text)
    line = re.search(r"\bline (\d+)", text)
    where = ""
    if path:
        where = f" at {shown_path(path.group(0))}"
    elif bare:
        where = f" at {files.found(bare.group(1)) or bare.group(1)}"
    return f"{where}, line {line.group(1)}" if where and line else where
