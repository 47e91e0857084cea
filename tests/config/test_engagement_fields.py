"""The fields of `defs.yaml`: documented, strict, and helpful about mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo  # noqa: TC002 - read by pytest in a parametrisation

from consulting.config.engagement import EngagementConfig
from consulting.config.globs import covers

LEAST = {"client_name": "Acme", "feeds": [{"name": "customers", "files": "customers*.csv"}]}


def models_below(model: type[BaseModel], found: dict[str, type[BaseModel]]) -> None:
    found[model.__name__] = model
    for field in model.model_fields.values():
        for nested in nested_models(field.annotation):
            if nested.__name__ not in found:
                models_below(nested, found)


def nested_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in nested_models(part)]


def all_fields() -> list[tuple[str, FieldInfo]]:
    found: dict[str, type[BaseModel]] = {}
    models_below(EngagementConfig, found)
    return [
        (f"{model.__name__}.{name}", field)
        for model in found.values()
        for name, field in model.model_fields.items()
    ]


@pytest.mark.parametrize(("name", "field"), all_fields(), ids=lambda value: str(value)[:40])
def test_every_field_has_a_description_and_an_example(name: str, field: FieldInfo) -> None:
    assert field.description, f"{name} has no description"
    assert field.examples or name.endswith(".type"), f"{name} has no example"


def test_a_client_needs_a_name_and_one_feed_and_inherits_the_rest() -> None:
    config = EngagementConfig.model_validate(LEAST)
    assert config.security_tier == 2
    assert config.source.type == "local"
    assert config.process == "on_arrival"


MISTAKES = {
    "a typo in a field": (
        {"shedule": {"cron": "0 6 * * 1"}},
        ("shedule",),
        "'shedule' is not a field here. Did you mean 'schedule'? Allowed: client_name, ",
    ),
    "a typo in a nested field": (
        {"sla": {"due": "0 12 * * 1", "warn_aftr": "8d"}},
        ("sla", "warn_aftr"),
        "'warn_aftr' is not a field here. Did you mean 'warn_after'? Allowed: preset, due, ",
    ),
    "a wrong type": (
        {"sample_rows": "many"},
        ("sample_rows",),
        "sample_rows is a whole number, such as 5, not 'many'.",
    ),
    "a number that is too large": (
        {"source": {"type": "sftp", "host": "h", "username": "u", "port": 70000}},
        ("source", "sftp", "port"),
        "port is at most 65535, not 70000.",
    ),
    "a text that is too short": (
        {"source": {"type": "s3", "bucket": "x"}},
        ("source", "s3", "bucket"),
        "bucket has at least 3 characters, not 1.",
    ),
    "a word for true or false": (
        {"alerts": {"deliveries": "yes please"}},
        ("alerts", "deliveries"),
        "deliveries is true or false, not 'yes please'.",
    ),
    "a word for a day": (
        {"sla": {"preset": "weekly", "starts": "soon"}},
        ("sla", "starts"),
        "starts is a date, such as 2026-01-31, not 'soon'.",
    ),
    "a tier that there is not": (
        {"security_tier": 4},
        ("security_tier",),
        "4 is not allowed. Allowed: 1, 2 or 3.",
    ),
    "a misspelt choice": (
        {"engagement_type": "recuring"},
        ("engagement_type",),
        (
            "'recuring' is not allowed. Did you mean 'recurring'? "
            "Allowed: 'recurring', 'one_off' or 'monitoring'."
        ),
    ),
    "an invalid cron": (
        {"schedule": {"cron": "0 6 * * MON-FRY"}},
        ("schedule", "cron"),
        "'0 6 * * MON-FRY' is not a cron schedule",
    ),
    "an unknown time zone": (
        {"schedule": {"cron": "0 6 * * 1", "timezone": "America/NewYork"}},
        ("schedule", "timezone"),
        "'America/NewYork' is not a timezone. Did you mean America/New_York?",
    ),
    "an unknown source": (
        {"source": {"type": "s4", "bucket": "uploads"}},
        ("source",),
        "type 's4' is not known. Allowed types: 'local', 's3', 'sftp'.",
    ),
    "a source without its bucket": (
        {"source": {"type": "s3"}},
        ("source", "s3", "bucket"),
        "'bucket' is required here, for example 'client-uploads'.",
    ),
    "a feed without files": (
        {"feeds": [{"name": "orders", "file": "orders*.csv"}]},
        ("feeds", 0, "file"),
        "'file' is not a field here. Did you mean 'files'?",
    ),
    "no feed": ({"feeds": []}, ("feeds",), "`feeds` is empty: name at least one kind of file"),
    "a feed declared twice": (
        {"feeds": [LEAST["feeds"][0], LEAST["feeds"][0]]},
        ("feeds",),
        "feed 'customers' is declared twice; give each feed its own name.",
    ),
    "a feed name that is none": (
        {"feeds": [{"name": "Order Lines", "files": "*.csv"}]},
        ("feeds", 0, "name"),
        (
            "'Order Lines' is not a name. Use a lower-case letter, then lower-case letters, digits "
            "and underscores, for example 'order_lines'."
        ),
    ),
    "a period pattern without its groups": (
        {"partitions": {"every": "month", "start": "2026-01", "period_from": "x(\\d+)"}},
        ("partitions",),
        "needs the named groups year + month",
    ),
    "a channel that is none": (
        {"alerts": {"channel": "acme alerts"}},
        ("alerts", "channel"),
        "'acme alerts' is not a channel. Write its name with a #, its id or a person: ",
    ),
    "a feed that would get no file": (
        {
            "feeds": [
                {"name": "all", "files": "*.csv"},
                {"name": "orders", "files": "Orders_*.CSV"},
            ]
        },
        ("feeds",),
        "feed 'orders' would get no file: each name that fits 'Orders_*.CSV' fits '*.csv' of 'all'",
    ),
    "a tier in quotes": (
        {"security_tier": "2"},
        ("security_tier",),
        "'2' is not allowed. Write it without quotes: 2. Allowed: 1, 2 or 3.",
    ),
    "an encoding that is none": (
        {"feeds": [{"name": "orders", "files": "*.csv", "encoding": "utf9"}]},
        ("feeds", 0, "encoding"),
        (
            "'utf9' is no encoding of text that Python knows. Did you mean 'utf_8'? Write for "
            "example utf-8, cp1252 or shift_jis."
        ),
    ),
    "an encoding that is none of text": (
        {"feeds": [{"name": "orders", "files": "*.csv", "encoding": "base64"}]},
        ("feeds", 0, "encoding"),
        "'base64' is no encoding of text that Python knows.",
    ),
    "a bracket that is not closed": (
        {"feeds": [{"name": "orders", "files": "orders[*"}]},
        ("feeds", 0, "files"),
        (
            "'orders[*' has a bracket that is not closed. Write a choice of letters as [ab], and a "
            "bracket of the name as [[]."
        ),
    ),
    "a bucket with a blank": (
        {"source": {"type": "s3", "bucket": "my bucket", "prefix": "acme/"}},
        ("source", "s3", "bucket"),
        "'my bucket' is no bucket's name: letters, digits, dots, dashes and underscores.",
    ),
    "a word for several fields": (
        {"source": "local"},
        ("source",),
        "source is several fields, for example `source: {type: local}`.",
    ),
    "a cron for a schedule": (
        {"schedule": "0 6 * * 1"},
        ("schedule",),
        "schedule is several fields, for example `schedule: {cron: 0 6 * * 1, timezone: Am",
    ),
    "a list that is empty": (
        {"feeds": None},
        ("feeds",),
        (
            "feeds is empty: write a value, for example `feeds: [{files: customers*.csv, name: "
            "customers}]`."
        ),
    ),
    "a word for a list": (
        {"owners": "team:data"},
        ("owners",),
        "owners is a list, for example `owners: ['team:data']`.",
    ),
    "a name for a feed": (
        {"feeds": ["orders"]},
        ("feeds", 0),
        "An item of feeds is several fields, for example `{files: customers*.csv, name: cust",
    ),
    "a number for a text": (
        {"client_name": 123},
        ("client_name",),
        "client_name is a text: write it in quotes, for example `client_name: '123'`.",
    ),
    "an owner that is none": (
        {"owners": ["data team"]},
        ("owners",),
        "'data team' is neither `team:<name>` nor an e-mail address.",
    ),
    "an on-schedule client without a schedule": (
        {"process": "on_schedule"},
        (),
        "`process: on_schedule` needs a `schedule`.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_what_is_allowed_and_the_nearest_word(
    mistake: str,
) -> None:
    given, location, message = MISTAKES[mistake]
    with pytest.raises(ValidationError) as caught:
        EngagementConfig.model_validate({**LEAST, **given})
    told = {tuple(e["loc"]): e["msg"].removeprefix("Value error, ") for e in caught.value.errors()}
    assert location in told, told
    assert message in told[location]


def test_a_misspelt_field_is_told_first_and_not_as_missing_too() -> None:
    given = {"client_nmae": "Brauhaus", "feeds": LEAST["feeds"], "owners": "x"}
    with pytest.raises(ValidationError) as caught:
        EngagementConfig.model_validate(given)
    assert [error["loc"] for error in caught.value.errors()] == [("client_nmae",), ("owners",)]
    del given["feeds"]
    with pytest.raises(ValidationError) as caught:
        EngagementConfig.model_validate(given)
    assert [error["loc"] for error in caught.value.errors()][:2] == [("client_nmae",), ("feeds",)]


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ("*.csv", "orders*.csv", True),
        ("orders*.csv", "*.csv", False),
        ("orders*.csv", "orders*.xlsx", False),
        ("orders*", "orders*.csv", True),
        ("in/*", "in/orders*.csv", True),
        ("*/orders*", "in/orders*.csv", True),
        ("orders*", "in/orders*.csv", False),
        ("order?.csv", "orders.csv", True),
        ("orders.csv", "order?.csv", False),
        ("*", "[ab]*.csv", True),
    ],
)
def test_a_glob_that_leaves_another_no_file_is_known(
    earlier: str, later: str, *, covered: bool
) -> None:
    assert covers(earlier, later) is covered


@pytest.mark.parametrize("sla", ["daily", {"preset": "weekly"}, {"due": "0 12 * * 1"}])
def test_dg_check_yaml_lets_each_way_to_write_an_sla_through(sla: object) -> None:
    attributes = {**LEAST, "sla": sla}
    EngagementConfig.model_validate(attributes)
    Draft202012Validator(EngagementConfig.model_json_schema()).validate(attributes)
