"""Preparing models: scope, fingerprints, the cache, mistakes and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consulting.cleaning import ClientModels, DbtRun, prepare_all
from consulting.cleaning.models import SLIM
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from tests.cleaning.conftest import Project
    from warm_python import WarmPython

ONE_COLUMN = [{"name": "a", "from": "A", "rule": "to_text"}]


def error_of(project: Project, client_id: str) -> str:
    with pytest.raises(CleaningError) as caught:
        project.models(client_id).load_manifest()
    return str(caught.value)


def test_a_manifest_is_parsed_once_and_read_after_that(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.feed("once", "t", ONE_COLUMN)
    first = project.models("once").load_manifest()

    def no_parse(*_: Any, **__: Any) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("consulting.cleaning.models.parse_dbt", no_parse)
    assert project.models("once").load_manifest() == first
    assert first["metadata"]["client_id"] == "once"
    assert not first["macros"]
    names = {node["name"] for node in first["nodes"].values() if node["resource_type"] == "model"}
    assert names == {"stg_t", "int_t", "merged_t", "rejects_t", "t"}


def test_the_fingerprint_follows_content_and_nothing_else(project: Project) -> None:
    project.feed("prints", "t", ONE_COLUMN)
    models = project.models("prints")
    before = models.fingerprint()
    yaml = models.folder / "t.yml"
    yaml.touch()
    (models.folder / ".t.yml.swp").write_text("an editor's")
    assert models.fingerprint() == before
    yaml.write_text(yaml.read_text() + "\n# more\n")
    of_model = models.fingerprint()
    assert of_model != before
    for macros in ("library/macros/rules.sql", "macros/own.sql"):
        macro = project.dbt_dir / macros
        text = macro.read_text() if macro.exists() else ""
        with_it = models.fingerprint()
        macro.write_text(text + "\n{# more #}\n")
        assert models.fingerprint() != with_it
        macro.write_text(text)
    macro.unlink()
    assert models.fingerprint() == of_model


def test_two_clients_with_equal_files_have_their_own_manifests(project: Project) -> None:
    project.feed("twin_a", "t", ONE_COLUMN)
    project.feed("twin_b", "t", ONE_COLUMN)
    assert project.models("twin_a").fingerprint() != project.models("twin_b").fingerprint()


def test_old_fingerprints_are_pruned_but_for_the_last(project: Project) -> None:
    project.feed("pruned", "t", ONE_COLUMN)
    models = project.models("pruned")
    made = []
    for note in "xyz":
        yaml = models.folder / "t.yml"
        yaml.write_text(yaml.read_text() + f"# {note}\n")
        made.append(models.prepare().name)
    assert sorted(path.name for path in models.cache.iterdir()) == sorted(made[1:])


def test_a_model_can_not_refer_to_another_client_s(project: Project) -> None:
    project.feed("owner", "secrets", ONE_COLUMN)
    project.feed("thief", "t", ONE_COLUMN)
    project.write("thief", "marts/stolen.sql", "select * from {{ ref('secrets') }}")
    message = error_of(project, "thief")
    assert message.startswith("thief: dbt stopped at dbt/models/clients/thief/marts/stolen.sql")
    assert "Compilation Error, about 'secrets' (which was not found)" in message
    assert "this client's own" in message
    assert message.endswith("dbt parse --vars '{client: thief}'")


def test_broken_yaml_is_named_with_client_file_and_line(project: Project) -> None:
    project.feed("broken", "t", ONE_COLUMN)
    project.write("broken", "t.yml", "version: 2\nmodels:\n  - name: t\n    columns: [\n")
    message = error_of(project, "broken")
    assert message.startswith("broken: dbt/models/clients/broken/t.yml:5:1 is not valid YAML: ")


def test_a_jinja_mistake_is_named_with_file_and_line(project: Project) -> None:
    project.feed("jinja", "t", ONE_COLUMN)
    project.write("jinja", "marts/m.sql", "select 1\nfrom {{ ref('t' }}\n")
    message = error_of(project, "jinja")
    assert message.startswith("jinja: dbt stopped at dbt/models/clients/jinja/marts/m.sql, line 2")


SOWN = """\
sources: [{name: raw, schema: raw, tables: [{name: t}]}]
models:
  - name: t
    columns:
      - name: id
        meta: {from: A}
        data_tests:
          - relationships: {arguments: {to: ref('kinds'), field: id}}
"""


@pytest.mark.parametrize(
    ("to", "config", "told"),
    [
        ("ref('tt')", "{}", "reads the model 'tt', and there is none. Did you mean 't'?"),
        ("\"source('raw', 'tt')\"", "{}", "reads the source 'raw.tt', and there is none."),
        ("ref('tt')", "{enabled: false}", None),
    ],
)
def test_a_test_of_what_there_is_not_is_told(
    project: Project, to: str, config: str, told: str | None
) -> None:
    project.feed("lost", "t", ONE_COLUMN)
    project.write(
        "lost",
        "t.yml",
        "sources: [{name: raw, schema: raw, tables: [{name: t}]}]\n"
        "models:\n  - name: t\n    columns:\n      - name: id\n        meta: {from: A}\n"
        "        data_tests:\n          - relationships:\n"
        f"              arguments: {{to: {to}, field: id}}\n              config: {config}\n",
    )
    if told is None:
        project.models("lost").load_manifest()
    else:
        message = error_of(project, "lost")
        assert message.startswith("lost: dbt/models/clients/lost/t.yml: the test relationships_t_")
        assert told in message


def test_what_reads_a_seed_is_told_for_no_run_loads_it(project: Project) -> None:
    project.feed("sown", "t", ONE_COLUMN)
    project.write("sown", "t.yml", SOWN)
    project.write("sown", "marts/m.sql", "select * from {{ ref('kinds') }}")
    seeds = project.dbt_dir / "seeds"
    seeds.mkdir()
    (seeds / "kinds.csv").write_text("id\n1\n")
    advice = "no run of a client loads seeds. Write it as a model (`select * from (values"
    for line, reads in zip(
        sorted(error_of(project, "sown").splitlines()),
        (
            "marts/m.sql: m reads the seed 'kinds', and ",
            "t.yml: relationships_t_id__id__ref_kinds_",
        ),
        strict=True,
    ):
        assert line.startswith(f"sown: dbt/models/clients/sown/{reads}")
        assert advice in line


MISTAKES = {
    "rule: to_int": "there is no rule 'to_int'; did you mean to_integer?",
    "rule: to_date, format: x": "meta has no key `format`; did you mean formats?",
    "rule: to_text, decimal: comma": "to_text takes no `decimal`; its arguments are case, collapse",
    "rule: to_code": "to_code needs `codes`",
    "rule: to_code, codes: {A: [X], B: [x]}": "`codes` has one text for two codes: A and B",
    "rule: to_integer, min: low": "`min` is 'low'; it is a number, such as 0",
    "rule: to_date, max: 2030": "`max` is 2030; it is a day, such as 2000-01-01",
    "null_tokens: none": "`null_tokens` is a list: write it in brackets, such as [none]",
    "rule: to_date, formats: [dd/mm]": "the format 'dd/mm' has no directive",
    "rule: to_money, decimal: both": "`decimal` is 'point', 'comma' or 'either', not 'both'",
    "required: yes please": "`required` is true or false, not 'yes please'",
    "rule: to_email, max_length: 0": "`max_length` is at least 1, not 0",
    "required: true, on_invalid: blank": "a required column can not have `on_invalid: blank`",
}


def test_each_wrong_rule_is_named_with_file_line_and_column(project: Project) -> None:
    lines = ["version: 2", "sources: [{name: raw, tables: [{name: t}]}]"]
    lines += ["models:", "  - name: t", "    columns:"]
    for number, mistake in enumerate(MISTAKES):
        lines += [f"      - name: c{number}", f"        meta: {{from: A, {mistake}}}"]
    project.feed("wrong", "t", ONE_COLUMN)
    project.write("wrong", "t.yml", "\n".join(lines))
    said = error_of(project, "wrong").removeprefix("wrong: ").splitlines()
    for number, (line, words) in enumerate(zip(said, MISTAKES.values(), strict=True)):
        where = f"dbt/models/clients/wrong/t.yml, line {6 + 2 * number}, t.c{number}: "
        assert line.startswith(where + words), line


def test_names_that_a_database_takes_for_one_are_refused(project: Project) -> None:
    project.feed("same", "t", ONE_COLUMN)
    project.write(
        "same",
        "t.yml",
        "sources: [{name: raw, schema: raw, tables: [{name: t}]}]\n"
        "models:\n  - name: t\n    columns:\n      - {name: Id, meta: {from: A}}\n"
        "      - {name: ID, meta: {from: B}}\n      - {name: _row, meta: {from: C}}\n",
    )
    message = error_of(project, "same")
    assert "t.ID: is the same name as 'Id' to a database, which ignores case" in message
    assert "t._row: names that begin with _ are those of the row's origin" in message


def test_a_dedupe_of_an_unknown_column_is_refused(project: Project) -> None:
    project.feed("dedupe", "t", ONE_COLUMN, dedupe={"key": ["aa"], "keep": "newest"})
    message = error_of(project, "dedupe")
    assert "`dedupe: keep` is 'newest'; it is latest or first" in message
    assert "`dedupe` names the column 'aa'; did you mean a?" in message


def test_reasons_without_a_sentence_are_refused(project: Project) -> None:
    sources = "sources: [{name: raw, schema: raw, tables: [{name: t}]}]\n"
    with_reasons = sources + "models:\n  - name: t\n    meta: {reasons: %s}\n"
    project.feed("words", "t", ONE_COLUMN)
    project.write("words", "t.yml", with_reasons % '{"a:missing": }')
    assert "`reasons` has no sentence for the code 'a:missing'" in error_of(project, "words")
    project.write("words", "t.yml", with_reasons % '["a:missing"]')
    assert "`reasons` is a mapping of reason codes to sentences" in error_of(project, "words")


def test_one_client_s_mistake_does_not_stop_the_others(project: Project) -> None:
    project.feed("fine", "t", ONE_COLUMN)
    project.feed("bad", "t", [{"name": "a", "from": "A", "rule": "to_nothing"}])
    errors = prepare_all(project.dbt_dir, ["bad", "fine", "unheard_of"])
    assert list(errors) == ["bad"]
    assert project.models("fine").load_manifest()["nodes"]
    assert project.models("unheard_of").load_manifest()["nodes"] == {}


@pytest.mark.parametrize("client_id", ["../acme", "Acme", "", "a b", "1a"])
def test_a_client_id_that_is_no_folder_name_is_refused(project: Project, client_id: str) -> None:
    with pytest.raises(CleaningError, match="can not be a client id"):
        ClientModels(project.dbt_dir, client_id)


def test_two_processes_prepare_at_the_same_time(project: Project, warm_python: WarmPython) -> None:
    project.feed("raced", "t", ONE_COLUMN)
    code = (
        "import sys; from pathlib import Path; from consulting.cleaning import ClientModels; "
        "print(ClientModels(Path(sys.argv[1]), 'raced').prepare())"
    )
    source = Path(__file__).parents[2] / "src"
    running = [
        warm_python.start(
            "python", "-c", code, str(project.dbt_dir),
            cwd=project.dbt_dir, env={"PYTHONPATH": str(source), "PATH": "/usr/bin"},
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = [process.wait() for process in running]
    assert [process.returncode for process in ended] == [0, 0]
    answers = {process.stdout.strip() for process in ended}
    assert answers == {str(project.models("raced").prepare())}
    [prepared] = project.models("raced").cache.iterdir()
    assert (prepared / SLIM).exists()


def test_declared_columns_are_those_read_then_the_others(project: Project) -> None:
    project.copy_client("acme_corp")
    columns = project.models("acme_corp").declared_columns()
    assert list(columns) == ["customers", "orders"]
    assert columns["customers"][0] == "Customer ID"
    assert columns["customers"][-1] == "Notes"


def test_the_slim_manifest_serves_dagster_dbt(project: Project) -> None:
    import dagster as dg
    from dagster_dbt import DagsterDbtTranslator

    project.copy_client("globex")
    manifest = project.models("globex").load_manifest()
    translator = DagsterDbtTranslator()
    checks = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            spec = translator.get_asset_spec(manifest, unique_id, None)
            for child in manifest["child_map"][unique_id]:
                check = translator.get_asset_check_spec(spec, manifest, child, None)
                if check is not None:
                    checks[check.name] = check
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    assert len(checks) == len(tests)
    conserved = checks["rows_conserved_invoices_invoices"]
    assert conserved.asset_key == dg.AssetKey(["marts", "invoices"])
    assert conserved.blocking
    assert conserved.description == (
        "Every row received is delivered, rejected or merged, exactly once."
    )
    assert not checks["not_negative_products_stock"].blocking


def test_a_project_in_another_place_has_the_same_fingerprint(
    project: Project, tmp_path: Path
) -> None:
    import shutil

    project.feed("moved", "t", ONE_COLUMN)
    shutil.copytree(project.dbt_dir, tmp_path / "elsewhere")
    moved = ClientModels(tmp_path / "elsewhere", "moved")
    assert moved.fingerprint() == project.models("moved").fingerprint()


def test_scaffolded_models_run_at_once_and_are_never_overwritten(project: Project) -> None:
    project.feed(
        "fresh", "t", [*ONE_COLUMN, {"name": "b", "from": 'Odd "B": #1', "tests": ["unique"]}]
    )
    yaml = project.dbt_dir / "models/clients/fresh/t.yml"
    before = yaml.read_text()
    project.feed("fresh", "t", ONE_COLUMN)
    assert yaml.read_text() == before
    project.load("fresh", "t", ["A", 'Odd ""B"": #1'], [["x", "y"]])
    run: DbtRun = project.run("fresh")
    assert {outcome.status for outcome in run.run()} == {"success"}
    assert {outcome.status for outcome in run.test()} == {"pass"}


def test_a_scaffold_shows_the_order_of_rows_by_a_moment_that_each_row_has(project: Project) -> None:
    dates = [
        {"name": name, "from": name, "rule": "to_date", **tests}
        for name, tests in (("ended_on", {"tests": ["not_null"]}), ("asked_on", {}))
    ]
    columns = [{"name": "id", "from": "id", "rule": "to_text", "tests": ["unique"]}]
    for feed, given, shown in (("works", dates, "ended_on"), ("talks", dates[1:], "asked_on")):
        project.feed("dated", feed, [*columns, *given])
        text = (project.dbt_dir / f"models/clients/dated/{feed}.yml").read_text()
        assert f"dedupe: {{key: [id], keep: latest, order_by: {shown}}}" in text


def test_a_scaffold_refuses_names_that_sql_would_have_to_quote(project: Project) -> None:
    with pytest.raises(CleaningError, match="'Order ID' can not name a table or column"):
        project.feed("fresh", "t", [{"name": "Order ID"}])


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (
            {"not_nul": {"config": {"severity": "warn"}}},
            "there is no test 'not_nul'. Did you mean 'not_null'?",
        ),
        (
            {"accepted_values": {"arguments": {"valeus": ["x"]}}},
            "accepted_values takes no 'valeus'. Did you mean 'values'?",
        ),
        ({"accepted_values": {"config": {"severity": "warn"}}}, "accepted_values needs 'values'"),
        (
            {"holds": {"arguments": {"expression": "a > 0"}}},
            "holds is a test of whole rows: put it below the columns",
        ),
    ],
)
def test_a_test_that_could_never_run_is_told_with_its_place(
    project: Project, test: dict[str, Any], told: str
) -> None:
    """Dbt takes most of these, and fails when it runs: a warning would then be delivered over."""
    (name,) = test
    client = f"never_{name}_{len(told)}"
    project.feed(client, "t", [ONE_COLUMN[0] | {"tests": [test]}])
    text = project.models(client).folder.joinpath("t.yml").read_text()
    (line,) = (n for n, line in enumerate(text.splitlines(), start=1) if name in line)
    where = f"{client}: dbt/models/clients/{client}/t.yml:{line}:13: "
    assert error_of(project, client).startswith(where + told)


def test_tests_of_the_project_and_of_a_client_are_known(project: Project) -> None:
    """However a project names and places them, dbt runs them, so nothing is said."""
    body = "select * from {{ model }} where {{ column_name }} is null"
    own = project.dbt_dir / "macros" / "even.sql"
    own.write_text(f"{{% test even(model, column_name, by=2, of='100%') %}}{body}{{% endtest %}}")
    tests = [
        {"even": {"arguments": {"by": 4}}},
        {"dbt.not_null": {"config": {"severity": "warn"}}},
        {"consulting.unique": {}},
    ]
    project.feed("known", "t", [ONE_COLUMN[0] | {"tests": tests}])
    said = "version: 2\ndata_tests: [{name: adds_up, description: The parts make the whole.}]\n"
    project.models("known").folder.joinpath("told.yml").write_text(said)
    try:
        found = project.models("known").load_manifest()["nodes"].values()
    finally:
        own.unlink()
    names = {node["test_metadata"]["name"] for node in found if node.get("test_metadata")}
    assert names == {"even", "not_null", "unique", "rows_conserved"}
