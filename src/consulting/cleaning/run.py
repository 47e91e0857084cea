"""One run of a client's models: dbt run and dbt test, in this process, shut into its folder."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from consulting.bounded_memory import clear_spill, open_bounded, refusing_files
from consulting.cleaning.client_files import shown_path
from consulting.cleaning.columns import (
    add_optional_columns,
    create_missing_tables,
    missing_columns,
    raw_columns,
)
from consulting.cleaning.invocation import Progress, connection, invoke_dbt, what_of
from consulting.cleaning.rules import where_declared
from consulting.cleaning.slim import describe_test, nodes_of
from consulting.cleaning.warehouse import Tables, open_tables
from consulting.errors import CleaningError
from consulting.foreign import ErrorLog
from consulting.records import CheckOutcome, ModelOutcome
from consulting.sql import literal
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from consulting.cleaning.models import ClientModels
    from consulting.layout import ClientFolder
    from consulting.records import FileReading


_WELL = {"success", "pass"}
_SLOW_SECONDS = 1
"""What is well is told by itself from here on, so that one sees a long run go on."""
_WORD = re.compile(r'(?<=")[^"\n]+(?=")|\w+')


class ModelsFailedError(CleaningError):
    """Some models did not run.

    Args:
        client_id: Whose models.
        outcomes: All of them.
        kept: Where dbt's own text is, as a sentence.
    """

    def __init__(self, client_id: str, outcomes: Sequence[ModelOutcome], kept: str) -> None:
        self.outcomes = tuple(outcomes)
        failed = [f"{o.name}: {o.message}" for o in outcomes if o.status == "error"]
        skipped = [o.name for o in outcomes if o.status == "skipped"]
        after = f" Not run after that: {', '.join(skipped)}." if skipped else ""
        super().__init__(f"{client_id}: dbt could not run {'; '.join(failed)}. {kept}{after}")


class DbtRun:
    """The dbt commands of one batch.

    Args:
        models: The client's models.
        folder: The client's folder; nothing outside it can be read or written by a model.
        batch_id: Names the run folder, below which dbt writes.
        readings: What intake read. Each file's own headers are then checked against the YAML; the
            raw tables alone do not tell, as they have every expected column.
        log: Told how the models and tests ended, of each that took long or did not end well, and
            where the text of an error is that stops nothing by itself.
        error_log: Where texts of errors are kept that may quote rows.
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        models: ClientModels,
        folder: ClientFolder,
        batch_id: str,
        *,
        readings: Sequence[FileReading] = (),
        log: Callable[[str], None] | None = None,
        error_log: ErrorLog = ErrorLog(),  # noqa: B008 - it is frozen
    ) -> None:
        self.models = models
        self.readings = tuple(readings)
        self.folder = folder
        self.target = folder.run(batch_id) / "dbt"
        self.log = log
        self.error_log = error_log
        self.batch_id = batch_id
        self.manifest = models.load_manifest()
        self.compiled: dict[str, str] = {}
        """The SQL of each model that ran, for `column_mappings`."""
        self._full: Any = None

    def run(self, *, empty: bool = False) -> list[ModelOutcome]:
        """Build every model of the client, in order, as `built` does."""
        with self.built(empty=empty) as (outcomes, _):
            return outcomes

    @contextmanager
    def built(self, *, empty: bool = False) -> Iterator[tuple[list[ModelOutcome], Tables]]:
        """Build every model of the client, in order, and have its tables open to be read.

        Args:
            empty: Build every model empty: all that tier 1 allows. No row is read, even if one is
                there.

        Raises:
            ModelsFailedError: If a model failed; with all outcomes.
            CleaningError: If a declared source column is missing, or dbt could not start.
        """
        warehouse = self.folder.warehouse
        if empty:
            warehouse.parent.mkdir(parents=True, exist_ok=True)
            with open_bounded(warehouse) as opened:
                create_missing_tables(opened, self.manifest)
        expected = self._nodes("model")
        if not expected:
            with open_tables(warehouse) as tables:
                _refuse_false_functions(self.models.client_id, tables)
                yield [], tables
            return
        self._require_warehouse()
        self._require_columns()
        command = ["run", "--empty"] if empty else ["run"]
        with self._invoke(command) as (results, tables):
            codes = {result.node.name: result.node.compiled_code for result in results}
            self.compiled |= {name: code for name, code in codes.items() if code}
            named = _Names(raw_columns(tables), self._full)
            outcomes = _model_outcomes(results, expected, tables, named, self._at_fault)
            if any(outcome.status == "error" for outcome in outcomes):
                kept = self._kept(command, results)
                raise ModelsFailedError(self.models.client_id, outcomes, kept)
            yield outcomes, tables

    def test(self) -> list[CheckOutcome]:
        """Run every dbt test of the client; failing rows are stored in its schema `dbt_test`.

        Raises:
            CleaningError: If dbt could not start, or ran none of the tests there are.
        """
        expected = self._nodes("test")
        if not expected:
            return []
        self._require_warehouse()
        with self._invoke(["test"]) as (results, _):
            checks = [_check_outcome(result, expected[result.node.unique_id]) for result in results]
        if any(check.status == "error" for check in checks) and self.log:
            self.log(f"Tests that could not run: {self._kept(['test'], results)}")
        return checks

    def _require_columns(self) -> None:
        with open_bounded(self.folder.warehouse) as opened:
            loaded = raw_columns(Tables(opened))
            if problems := missing_columns(self.manifest, loaded, self.readings):
                raise CleaningError("\n".join(f"{self.models.client_id}: {p}" for p in problems))
            add_optional_columns(opened, self.manifest, loaded)

    def _tell(self, step: Progress) -> None:
        went_on = step.status in _WELL and step.seconds < _SLOW_SECONDS
        if step.status != "started" and not went_on and self.log:
            took = f" in {step.seconds:.0f} s" if step.status in _WELL else ""
            self.log(f"{step.index} of {step.total}: {step.kind} {step.name}: {step.status}{took}")

    def _at_fault(self, result: Any, tables: Tables) -> str | None:
        """Where YAML declares the row rule for whose condition a model failed; None if for none."""
        name = result.node.name
        feed = self.manifest["nodes"].get(f"model.consulting.{name.removeprefix('stg_')}")
        conditions = ((feed or {}).get("meta") or {}).get("reject_when") or {}
        code = result.node.compiled_code
        if not name.startswith("stg_") or not conditions or not code:
            return None
        failing = _failing_condition(tables, code, conditions)
        return failing and (
            f"{where_declared(feed, None, self.models.dbt_dir)}, the condition “{failing}” of "
            "`reject_when`"
        )

    def _kept(self, command: list[str], results: list[Any]) -> str:
        """Keep what dbt says of the models or tests that ended in an error; says where."""
        failed = [result for result in results if str(result.status) in {"error", "fail"}]
        texts = (f"{result.node.unique_id}\n{result.message}\n" for result in failed)
        return self.error_log.keep("\n".join(texts), f"{self.batch_id}-dbt-{command[0]}")

    def _nodes(self, resource_type: str) -> dict[str, dict[str, Any]]:
        return {node["unique_id"]: node for node in nodes_of(self.manifest, resource_type)}

    def _require_warehouse(self) -> None:
        if not self.folder.warehouse.exists():
            raise CleaningError(
                f"{self.models.client_id}: there is no {self.folder.warehouse.name} yet. "
                "Load the feeds' raw tables before dbt runs."
            )

    @contextmanager
    def _invoke(self, command: list[str]) -> Iterator[tuple[list[Any], Tables]]:
        """The results of a command, and the tables it leaves, as dbt has them open."""
        if self._full is None:
            self._full = self.models.load_full_manifest()
        self.target.mkdir(parents=True, exist_ok=True)
        warehouse = self.folder.warehouse
        invoked = invoke_dbt(
            command,
            client_id=self.models.client_id,
            dbt_dir=self.models.dbt_dir,
            target=self.target,
            warehouse=warehouse,
            manifest=self._full,
            on_progress=self._tell,
            error_log=self.error_log,
        )
        try:
            with invoked as result, refusing_files(warehouse):
                results = list(result.results) if result is not None else []
                self._require_results(command, results)
                tables = Tables(connection())
                _refuse_false_functions(self.models.client_id, tables)
                yield results, tables
        finally:
            clear_spill(warehouse)

    def _require_results(self, command: list[str], results: list[Any]) -> None:
        if not results:
            # dbt calls a run of nothing a success
            raise CleaningError(
                f"{self.models.client_id}: dbt {command[0]} ran nothing, though there are models. "
                f"Check that {self.models.folder} is complete, then prepare the models again."
            )
        if self.log:
            ended = Counter(str(result.status) for result in results)
            kind = "test" if command[0] == "test" else "model"
            said = ", ".join(f"{count} {status}" for status, count in sorted(ended.items()))
            self.log(f"{counted(len(results), kind)}: {said}")


def _refuse_false_functions(client_id: str, tables: Tables) -> None:
    """Refuse SQL functions of the models that stand in for DuckDB's own when we count."""
    # by its whole name, and with no function but this one: any other may be theirs
    listed = "SELECT DISTINCT function_name FROM system.main.duckdb_functions() WHERE {} internal"
    found = tables.rows(listed.format("NOT"))
    if found:
        found = sorted({*found} & {*tables.rows(listed.format(""))})
    if found:
        raise CleaningError(
            f"{client_id}: the models make SQL functions that have the names of DuckDB's own: "
            f"{', '.join(name for (name,) in found)}. The delivery would be counted with them. "
            "Give them other names (`create macro`), and run again."
        )


def _model_outcomes(
    results: list[Any],
    expected: dict[str, dict[str, Any]],
    tables: Tables,
    names: _Names,
    at_fault: Callable[[Any, Tables], str | None],
) -> list[ModelOutcome]:
    status: dict[str, Literal["success", "skipped"]] = {"success": "success", "skipped": "skipped"}
    counts = {
        node["unique_id"]: tables.count(f"{node['schema']}.{node['alias']}")
        for node in expected.values()
    }
    outcomes: list[ModelOutcome] = []
    for result in results:
        node = expected[result.node.unique_id]
        relation = f"{node['schema']}.{node['alias']}"
        built = str(result.status) == "success"
        outcomes.append(
            ModelOutcome(
                name=node["name"],
                layer=node["schema"],
                relation=relation,
                rows=counts[node["unique_id"]] if built else None,
                columns=names.told(result.node, tables.columns(relation)) if built else (),
                status=status.get(str(result.status), "error"),
                message=None if built else _message(result, node, at_fault(result, tables)),
            )
        )
    return outcomes


def _failing_condition(tables: Tables, code: str, conditions: Mapping[str, str]) -> str | None:
    """The first row rule whose condition alone fails on the rows; None where they fail without."""

    def only(name: str | None) -> str:
        left = code
        for other, condition in conditions.items():
            if other != name:
                then = f" then {literal(f';row:{other}')}"
                left = left.replace(f"case when {condition}{then}", f"case when false{then}")
        return left

    def fails(sql: str) -> bool:
        try:
            tables.rows(f"SELECT count(_reasons) FROM ({sql})")
        except duckdb.Error:
            return True
        return False

    if fails(only(None)):
        return None
    return next((name for name in conditions if fails(only(name))), None)


class _Names:
    """Knows which of a model's columns were named by people; a pivot names them after values.

    A name is known if it is a header, declared in YAML, stands in the code of the model or of a
    macro it calls, or is known of a model it reads.

    Args:
        raw: The headers by feed.
        manifest: Of dbt, with its macros.
    """

    def __init__(self, raw: dict[str, list[str]], manifest: Any) -> None:
        declared = (node.columns for node in manifest.nodes.values())
        self._given = {name for names in (*raw.values(), *declared) for name in names}
        self._macros = manifest.macros
        self._known: dict[str, set[str]] = {}

    def told(self, node: Any, columns: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """A model's columns with their types, after those of the models it reads."""
        read = (self._known.get(each, ()) for each in node.depends_on.nodes)
        known = self._given.union(*read)
        macros = (self._macros.get(each) for each in node.depends_on.macros)
        code = "\n".join([node.raw_code, *(macro.macro_sql for macro in macros if macro)])
        words = {word.casefold() for word in _WORD.findall(code)}
        self._known[node.unique_id] = {
            name for name in columns if name in known or name.casefold() in words
        }
        return tuple(
            (
                name if name in self._known[node.unique_id] else f"column {at}, named by a value",
                kind,
            )
            for at, (name, kind) in enumerate(columns.items(), start=1)
        )


def _message(result: Any, node: dict[str, Any], at_fault: str | None = None) -> str:
    declared = json.dumps([node.get("columns"), node.get("column_name"), node["config"]])
    code = f"{result.node.raw_code}\n{declared}"
    message = str(result.message)
    if at_fault:  # the line is one of SQL that nobody wrote
        return f"{at_fault}: {what_of(message.replace('LINE ', ''), code)}"
    return f"{shown_path(node['original_file_path'])}: {what_of(message, code)}"


def _check_outcome(result: Any, node: dict[str, Any]) -> CheckOutcome:
    status = str(result.status)
    failures = int(result.failures or 0)
    attached = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), node["name"])
    stored = bool(failures) and getattr(result.node, "should_store_failures", False)
    return CheckOutcome(
        unique_id=node["unique_id"],
        name=node["name"],
        model=attached.split(".")[-1],
        column=node.get("column_name"),
        severity="warn" if node["config"].get("severity", "ERROR").lower() == "warn" else "error",
        status=status if status in ("pass", "warn", "fail") else "error",
        failing_rows=failures,
        stored_in=f"{node['schema']}.{node['alias']}" if stored else None,
        description=describe_test(node),
        message=_message(result, node) if status not in ("pass", "warn", "fail") else None,
    )
