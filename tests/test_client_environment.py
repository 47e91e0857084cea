from __future__ import annotations

import pytest

from consulting.client_environment import client_environment, is_secret

PROCESS = {
    "CONSULTING_CLIENT_VARIABLES": "REGION, KEYBOARD DB secret_access_key WORKBOOK_PASSWORD",
    "ACME_REGION": "eu",
    "ACME_KEYBOARD": "qwerty",
    "ACME_NOT_LISTED": "eu",
    "ACME_DB": "postgres://u:pw@h/",
    "ACME_SECRET_ACCESS_KEY": "s3",
    "ACME_WORKBOOK_PASSWORD": "open",
    "ACME_CORP_REGION": "us",
    "ACME": "no name of its own",
    "ACMEREGION": "no prefix",
    "acme_region": "another name",
    "GLOBEX_REGION": "de",
    "DAGSTER_REGION": "/home",
    "CONSULTING_REGION": "1",
    "AWS_REGION": "s3",
    "PATH": "/bin",
}


def test_a_client_sees_what_the_operator_lists_and_no_secret() -> None:
    seen = client_environment("acme", ["acme", "acme_corp", "globex"], PROCESS)
    assert seen == {"ACME_REGION": "eu", "ACME_KEYBOARD": "qwerty"}


def test_without_a_list_a_client_sees_nothing() -> None:
    without = {n: v for n, v in PROCESS.items() if n != "CONSULTING_CLIENT_VARIABLES"}
    assert client_environment("acme", ["acme"], without) == {}


def test_a_longer_name_is_another_client_s_where_there_is_one() -> None:
    corp = PROCESS | {"CONSULTING_CLIENT_VARIABLES": "REGION CORP_REGION"}
    assert "ACME_CORP_REGION" in client_environment("acme", ["acme"], corp)
    assert "ACME_CORP_REGION" not in client_environment("acme", ["acme", "acme_corp"], corp)
    assert client_environment("acme_corp", ["acme"], PROCESS) == {"ACME_CORP_REGION": "us"}


@pytest.mark.parametrize("client_id", ["dagster", "consulting", "aws"])
def test_a_client_named_like_a_program_gets_none_of_its_variables(client_id: str) -> None:
    assert client_environment(client_id, [client_id], PROCESS) == {}


@pytest.mark.parametrize(
    "value",
    [
        "postgres://u:pw@h/",
        "redis://:pw@cache:6379/0",
        "-----BEGIN PRIVATE KEY-----\nMIIE",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "xoxb-123456789012-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "c0ffee12-1234-5678-9abc-def012345678",
        "Server=db;User Id=u;Password=hunter2;",
        "https://hooks.slack.com/services/T0/B0/x",
        "DefaultEndpointsProtocol=https;AccountKey=abc==",
    ],
)
def test_a_secret_is_known_by_its_value(value: str) -> None:
    assert is_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "eu-west-1", "s3://bucket/prefix-2024", "https://api.example.com/v2/orders",
        "acme-client-uploads-2024-eu", "Acme Corporation GmbH & Co. KG", "2024-01-01T00:00:00Z",
        "arn:aws:s3:::acme-uploads-prod-01", "/srv/drops/acme/incoming", "", "1,234.50", "EUR USD",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_seen(value: str) -> None:
    assert not is_secret(value)
