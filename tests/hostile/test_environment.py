"""What a client's dbt files may know of the process that runs them: what is named after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.cleaning.conftest import Project

from consulting.cleaning import ModelsFailedError
from consulting.client_environment import ALLOWED
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-4711"
FORBIDDEN = {
    "GLOBEX_REGION": f"{CANARY}-neighbour",
    "GLOBEX_SECRET_ACCESS_KEY": f"{CANARY}-neighbour-key",
    "THIEF_SECRET_ACCESS_KEY": f"{CANARY}-own-key",
    "THIEF_DB": f"postgres://u:{CANARY}@h/",
    "DBT_ENV_CUSTOM_ENV_NOTE": f"{CANARY}-custom",
    "DAGSTER_HOME": f"{CANARY}-dagster",
    "CONSULTING_LEDGER_URL": f"{CANARY}-ledger",
    "AWS_SECRET_ACCESS_KEY": f"{CANARY}-aws",
}
# how a file of the client may ask for a variable; each is run by dbt at another moment
ASKING = {
    "READ": "{{ env_var('NAME', 'nothing') }}",
    "ADDED": "~ env_var('NAME', '')",
    "ESCAPED": "{{ env_var(\\'NAME\\', \\'\\') }}",
    "CALLED": "{{ reading('NAME') }}",
    "LISTED": "\"env_var('NAME', '')\",",
}
SQL = {
    "model": "select 'READ' as x",
    "execute": "select '{% if execute %}READ{% endif %}' as x",
    "config": "{{ config(meta={'x': '' ADDED}) }} select 1 as x",
    "hook": "{{ config(post_hook='create table marts.kept as select $t$ESCAPED$t$ as x') }} "
    "select 1 as x",
    "macro": "select 'CALLED' as x",
}
YAML = {
    "description": 'description: "READ"',
    "meta": 'columns: [{name: x, meta: {y: "READ"}}]',
    "argument": "columns: [{name: x, data_tests: [{accepted_values: "
    "{arguments: {values: [LISTED]}}}]}]",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    project.write("globex", "marts/g.sql", "select 1 as x")
    return project


def bytes_of(*folders: Path) -> bytes:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files)


def test_nothing_of_the_process_is_in_any_byte_that_dbt_leaves(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {f"THIEF_{way}".upper(): f"own-{way}-value" for way in (*SQL, *YAML)}
    listed = " ".join(name.removeprefix("THIEF_") for name in (*own, *FORBIDDEN))
    for name, value in (FORBIDDEN | own | {ALLOWED: listed}).items():
        monkeypatch.setenv(name, value)
    project.load("thief", "t", ["A"], [["x"]])
    macro = "{% macro reading(name) %}{{ env_var(name, 'nothing') }}{% endmacro %}"
    (project.dbt_dir / "macros" / "reading.sql").write_text(macro)
    project.write("thief", "marts/all.sql", "select $${{ dbt_metadata_envs }}$$ as x")
    for way in (*SQL, *YAML):
        names = (f"THIEF_{way}".upper(), *FORBIDDEN)

        def asking(text: str, names: tuple[str, ...] = names) -> str:
            for kind, one in ASKING.items():
                text = text.replace(kind, "".join(one.replace("NAME", name) for name in names))
            return text

        project.write("thief", f"marts/{way}.sql", asking(SQL.get(way, "select 1 as x")))
        if way in YAML:
            text = f"models: [{{name: {way}, {asking(YAML[way])}}}]"
            project.write("thief", f"marts/{way}.yml", text)
    run = project.run("thief")
    run.run()
    run.test()
    left = bytes_of(project.dbt_dir, project.data)
    assert [way for way in (*SQL, *YAML) if f"own-{way}-value".encode() not in left] == []
    assert CANARY.encode() not in left


def test_what_profiles_yml_alone_may_name_is_refused_to_a_model(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_PASSWORD", CANARY)
    project.write("curious", "m.sql", "select '{{ env_var(\"DBT_ENV_SECRET_PASSWORD\") }}' as x")
    with pytest.raises(CleaningError) as caught:
        project.run("curious")
    assert "secret env vars are allowed only in profiles.yml or packages.yml" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_model_reads_the_variables_of_its_client(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNER_REGION", "eu-west-1")
    monkeypatch.setenv(ALLOWED, "REGION")
    project.load("owner", "t", ["A"], [["x"]])
    project.write("owner", "marts/m.sql", "select '{{ env_var(\"OWNER_REGION\") }}' as x")
    project.run("owner").run()
    assert project.rows("owner", "select x from marts.m") == [("eu-west-1",)]


def test_dbt_leaves_the_process_s_environment_as_it_is(project: Project) -> None:
    before = dict(os.environ)
    project.load("tidy", "t", ["A"], [["x"]])
    project.write("tidy", "marts/m.sql", "select 1 as x")
    project.run("tidy").run()
    assert dict(os.environ) == before


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ modules.re.sys.modules }}",
    "{{ modules.datetime.sys }}",
    "{{ adapter._adapter.config }}",
    "{{ adapter.submit_python_job({}, 'raise SystemExit') }}",
    "{{ submit_python_job(model, 'raise SystemExit') }}",
    "{{ builtins.env_var.__globals__ }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ (''|attr('__class__')).mro() }}",
]


def test_no_expression_leads_out_of_the_sandbox(project: Project) -> None:
    project.load("prisoner", "t", ["A"], [["x"]])
    for number, escape in enumerate(ESCAPES):
        guarded = f"select $t${{% if execute %}}{escape}{{% endif %}}$t$ as x"
        project.write("prisoner", f"marts/m{number}.sql", guarded)
    with pytest.raises(ModelsFailedError) as caught:
        project.run("prisoner").run()
    failed = {outcome.name for outcome in caught.value.outcomes if outcome.status == "error"}
    reached = [
        (escape, rows)
        for number, escape in enumerate(ESCAPES)
        if f"m{number}" not in failed
        and (rows := project.rows("prisoner", f"select x from marts.m{number}")) != [("",)]
    ]
    assert reached == []
    assert len(failed) > len(ESCAPES) / 2


WRITES = [
    "{% do run_query('select 1 as a').to_csv('$') %}",
    "{% do run_query('select 1 as a').to_json('$') %}",
    "{% do load_result('main').table.print_csv() %}",
    "{% do config.model.write_node('/', '$', 'x') %}",
    "{% do ref.model.write_node('/', '$', 'x') %}",
    "{% do ref.manifest.writable_manifest().write('$') %}",
    "{% do ref.manifest.write('$') %}",
    "{% do source.manifest.writable_manifest().write('$') %}",
    "{% do adapter.config.write('$') %}",
    "{% do dbt.current_timestamp.get_template().environment.compile_templates('$', []) %}",
    "{% do statement.get_template().environment.compile_templates('$', []) %}",
    "{% do statement.get_template().environment.from_string('x').stream().dump('$') %}",
    "{% do adapter.store_relation('excel', this, [], '$', 'xlsx', {}) %}",
    "{% set parts = [run_query('select 1 as a').to_csv] %}{% do parts[0]('$') %}",
    "{% do (run_query('select 1 as a')|attr('to_csv'))('$') %}",
    "{% do ([run_query('select 1 as a')] | map(attribute='to_csv') | first)('$') %}",
]
READS = [
    "{{ run_query('select 1 as a').from_csv('$').rows[0][0] }}",
    "{{ run_query('select 1 as a').from_json('$') }}",
    "{{ run_query('select 1 as a').from_fixed('$', '$') }}",
    "{{ ref.manifest.read('$') }}",
    "{{ ref.manifest.writable_manifest().read('$') }}",
    "{{ ref.config.load_projects(['$']) }}",
    "{{ adapter.config.from_args('$') }}",
    "{{ adapter.config.credentials.from_dict({'path': '$'}) }}",
    "{{ load_agate_table() }}",
]
"""What dbt's own objects do with files; `$` is one."""


def test_no_object_of_dbt_reads_or_writes_a_file_for_a_model(
    project: Project, tmp_path: Path
) -> None:
    project.load("writer", "t", ["A"], [["x"]])
    (tmp_path / "of_another.csv").write_text(f"a\n{CANARY}\n")
    attacks = [each.replace("$", str(tmp_path / f"{at}.out")) for at, each in enumerate(WRITES)]
    attacks += [each.replace("$", str(tmp_path / "of_another.csv")) for each in READS]
    for number, attack in enumerate(attacks):
        guarded = f"{{% if execute %}}{attack}{{% endif %}}select 1 as x"
        project.write("writer", f"marts/m{number}.sql", guarded)
    with pytest.raises(ModelsFailedError) as caught:
        project.run("writer").run()
    failed = [outcome.name for outcome in caught.value.outcomes if outcome.status == "error"]
    assert len(failed) == len(attacks)
    assert [path.name for path in tmp_path.glob("*.out")] == []


NAMED = """
models:
  - name: m
    columns: [{name: x, data_tests: [{not_null: {name: "$"}}]}]
"""
UNIT = """
unit_tests:
  - {name: "$", model: m, given: [], expect: {rows: [{x: 1}]}}
"""


@pytest.mark.parametrize("text", [NAMED, UNIT], ids=["test", "unit test"])
@pytest.mark.parametrize("name", ["/$/evil", "../../../../evil", "a/../../b", ".evil"])
def test_a_test_whose_name_is_a_path_is_refused(
    project: Project, tmp_path: Path, text: str, name: str
) -> None:
    project.load("namer", "t", ["A"], [["x"]])
    project.write("namer", "marts/m.sql", "select 1 as x")
    project.write("namer", "m.yml", text.replace("$", name.replace("$", str(tmp_path)[1:])))
    with pytest.raises(CleaningError, match=r"namer/m\.yml names a test .* which is a path"):
        project.run("namer")
    assert list(tmp_path.rglob("*evil*")) == []


def test_models_are_still_written_with_what_dbt_gives_them(project: Project) -> None:
    project.load("author", "t", ["A"], [["x"]])
    project.write("author", "marts/m.sql", "select 1 as a, 'v' as b")
    project.write(
        "author",
        "marts/n.sql",
        """-- {{ ref('m') }}
        {% set found = run_query('select 7 as a, 8 as b') -%}
        {%- if execute -%}
        {%- set columns = adapter.get_columns_in_relation(ref('m')) -%}
        select {{ found.columns[0].values()[0] }} as a, {{ found.rows[0][1] }} as b
        {%- for column in columns %}, '{{ column.name.upper() }}' as c{{ loop.index }}
        {%- endfor %}, '{{ modules.re.sub("x", "y", "xx") }}' as d
        , '{{ modules.datetime.datetime(2026, 1, 2).strftime("%Y") }}' as e
        , '{{ modules.pytz.timezone("Europe/Berlin") }}' as f
        , {{ found.select(["a"]).rows | length }} as g, '{{ ref("m").identifier }}' as h
        , '{{ zip([1], [2]) | list }}' as i, {{ dbt.safe_cast("1", "int") }} as j
        , '{{ fromjson(tojson({"k": 5}))["k"] }}' as k
        , '{{ api.Column.create("a", "int").name }}' as l
        {%- else -%} select 1 as a {%- endif -%}""",
    )
    project.run("author").run()
    assert project.rows("author", "select * from marts.n") == [
        (7, 8, "A", "B", "yy", "2026", "Europe/Berlin", 1, "m", "[(1, 2)]", 1, "5", "a")
    ]


def test_a_model_in_python_is_refused(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\ndef model(dbt, session):\n    open({str(mark)!r}, 'w')\n"
    project.load("snake", "t", ["A"], [["x"]])
    project.write("snake", "marts/m.py", code)
    with pytest.raises(CleaningError) as caught:
        project.run("snake")
    assert not isinstance(caught.value, ModelsFailedError)
    assert str(caught.value).startswith(
        "snake: dbt/models/clients/snake/marts/m.py is a model in Python, and those are not run"
    )
    assert not mark.exists()


def test_a_pipe_among_the_models_stops_its_client_at_once(project: Project) -> None:
    project.write("piped", "marts/m.sql", "select 1 as x")
    os.mkfifo(project.models("piped").folder / "p.yml")
    with pytest.raises(CleaningError, match=r"dbt/models/clients/piped/p\.yml is not a regular"):
        project.models("piped").fingerprint()


READ_BY_DBT = [
    "models/clients/prints/_hidden/m.sql",
    "models/clients/prints/.hidden/m.YML",
    "models/clients/prints/deep/er/m.md",
    "models/clients/prints/.dbtignore",
    "models/shared/.x.sql",
    "models/shared/.sql",
    "macros/more/m.sql",
    "tests/singular.sql",
    "seeds/list.csv",
    "snapshots/s.sql",
    "analyses/a.sql",
    "dbt_packages/other/macros/m.sql",
    "packages.yml",
    "dependencies.yml",
    "selectors.yml",
    ".dbtignore",
]


@pytest.mark.parametrize("path", READ_BY_DBT)
def test_each_file_that_dbt_reads_counts_in_the_fingerprint(project: Project, path: str) -> None:
    models = project.models("prints")
    before = models.fingerprint()
    file = project.dbt_dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a")
    made = models.fingerprint()
    file.write_text("ab")
    changed = models.fingerprint()
    file.unlink()
    assert len({before, made, changed}) == 3
    assert models.fingerprint() == before


def test_another_client_s_files_do_not_count(project: Project) -> None:
    before = project.models("prints").fingerprint()
    project.write("somebody", "marts/m.sql", "select 1 as x")
    assert project.models("prints").fingerprint() == before
