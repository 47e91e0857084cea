"""What all engagements inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.config.defaults import with_defaults
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    (folder / "defaults.yaml").write_text(text, encoding="utf-8")
    return folder


def test_without_defaults_a_client_is_what_it_says(tmp_path: Path) -> None:
    assert with_defaults({"client_name": "Acme"}, tmp_path) == {"client_name": "Acme"}


def test_a_clients_own_value_wins_and_mappings_are_merged(tmp_path: Path) -> None:
    write(tmp_path, "owners: [team:data]\nalerts: {channel: '#all', deliveries: true}\n")
    merged = with_defaults({"alerts": {"channel": "#acme"}}, tmp_path)
    assert merged == {
        "owners": ["team:data"],
        "alerts": {"channel": "#acme", "deliveries": True},
    }


def test_a_source_of_another_type_takes_nothing_from_the_default_one(tmp_path: Path) -> None:
    write(tmp_path, "source: {type: s3, bucket: uploads}\n")
    assert with_defaults({"source": {"type": "local"}}, tmp_path)["source"] == {"type": "local"}
    own = with_defaults({"source": {"type": "s3", "prefix": "acme/"}}, tmp_path)["source"]
    assert own == {"type": "s3", "bucket": "uploads", "prefix": "acme/"}


def test_one_queue_for_all_clients_may_stand_in_the_defaults(tmp_path: Path) -> None:
    told = {"queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads"}
    write(tmp_path, f"source: {{type: s3, notifications: {{queue_url: '{told['queue_url']}'}}}}\n")
    own = with_defaults({"source": {"type": "s3", "prefix": "acme/"}}, tmp_path)["source"]
    assert own == {"type": "s3", "prefix": "acme/", "notifications": told}


def test_changed_defaults_are_read_again(tmp_path: Path) -> None:
    write(tmp_path, "sample_rows: 100\n")
    assert with_defaults({}, tmp_path)["sample_rows"] == 100
    write(tmp_path, "sample_rows: 2000\n")
    assert with_defaults({}, tmp_path)["sample_rows"] == 2000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ownrs: [team:data]", "Did you mean 'owners'?"),
        ("sample_rows: lots", "field sample_rows"),
        ("- owners", "must hold fields of an engagement"),
        ("owners: [", "is not valid YAML"),
        (
            "source: {type: s3, notifications: {queue_url: 'arn:aws:sqs:eu-central-1:1:uploads'}}",
            "is no URL of a queue",
        ),
    ],
)
def test_a_mistake_in_the_defaults_names_their_file(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        with_defaults({}, tmp_path)
    assert str(tmp_path / "defaults.yaml") in str(caught.value)
    assert told in str(caught.value)
