from __future__ import annotations

import pytest

from consulting.client_environment import client_environment

PROCESS = {
    "ACME_REGION": "eu",
    "ACME_KEYBOARD": "qwerty",
    "ACME_SECRET_ACCESS_KEY": "s3",
    "ACME_WORKBOOK_PASSWORD": "open",
    "ACME_API_TOKEN": "t",
    "ACME_CORP_REGION": "us",
    "ACME": "no name of its own",
    "ACMEREGION": "no prefix",
    "acme_region": "another name",
    "GLOBEX_REGION": "de",
    "DAGSTER_HOME": "/home",
    "CONSULTING_LEDGER_URL": "postgresql://u:p@host/ledger",
    "AWS_SECRET_ACCESS_KEY": "s3",
    "PATH": "/bin",
}


def test_a_client_sees_what_is_named_after_it_and_no_secret() -> None:
    seen = client_environment("acme", ["acme", "acme_corp", "globex"], PROCESS)
    assert seen == {"ACME_REGION": "eu", "ACME_KEYBOARD": "qwerty"}


def test_a_longer_name_is_another_client_s_where_there_is_one() -> None:
    assert "ACME_CORP_REGION" in client_environment("acme", ["acme"], PROCESS)
    assert client_environment("acme_corp", ["acme"], PROCESS) == {"ACME_CORP_REGION": "us"}


@pytest.mark.parametrize("client_id", ["dagster", "consulting", "aws"])
def test_a_client_named_like_a_program_gets_none_of_its_variables(client_id: str) -> None:
    assert client_environment(client_id, [client_id], PROCESS) == {}
