"""No client delivers another's rows: places that lie inside one another are refused, with both."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from consulting.config.engagement import EngagementConfig
from consulting.config.neighbours import refuse_foreign_variables
from consulting.errors import ConfigurationError, UnreadableFileError
from consulting.intake import Ledger
from consulting.intake.claims import claim_place
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore, data_places
from consulting.sources.places import overlaps

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def engagement(**changes: Any) -> EngagementConfig:
    least = {"client_name": "x", "feeds": [{"name": "x", "files": "x*", **changes.pop("feed", {})}]}
    return EngagementConfig.model_validate({**least, **changes})


def local(folder: Path | str) -> dict[str, str]:
    return {"type": "local", "folder": str(folder)}


def s3(bucket: str, prefix: str, **more: str) -> dict[str, str]:
    return {"type": "s3", "bucket": bucket, "prefix": prefix, **more}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (local("/drop/shared"), local("/drop/shared")),
        (local("/drop/shared"), local("/drop/shared/")),
        (local("/drop/shared"), local("/drop/./SHARED/globex")),
        (local("/drop/a/../shared"), local("/drop/shared")),
        (local("/drop/b\u00fcro"), local("/drop/bu\u0308ro/in")),
        (local("/files"), local("/files/shared")),
        (s3("uploads", "acme"), s3("uploads", "acme/")),
        (s3("uploads", "acme/"), s3("uploads", "acme/incoming/")),
        (
            s3("uploads", "acme/", endpoint_url="http://one:9000"),
            s3("uploads", "acme/", endpoint_url="http://two:9000"),
        ),
    ],
)
def test_two_places_inside_one_another_are_refused_for_both(
    tmp_path: Path, one: dict[str, str], other: dict[str, str]
) -> None:
    places = {
        "acme": engagement(source=one).source.place(tmp_path),
        "globex": engagement(source=other).source.place(tmp_path),
        "initech": engagement(source=local("/drop/initech")).source.place(tmp_path),
    }
    refused = overlaps(places)
    assert refused.keys() == {"acme", "globex"}
    for client, why in refused.items():
        assert why.startswith(f"{client}: its source")
        assert "acme" in why
        assert "globex" in why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (local("/drop/acme"), local("/drop/acme_corp")),
        (s3("uploads", "acme"), s3("uploads", "acme_corp")),
        (s3("uploads", "acme"), s3("downloads", "acme")),
        (local("/uploads/acme"), s3("uploads", "acme")),
    ],
)
def test_places_beside_one_another_are_no_neighbours_trouble(
    tmp_path: Path, one: dict[str, str], other: dict[str, str]
) -> None:
    named = {"acme": one, "globex": other}
    assert not overlaps(
        {name: engagement(source=place).source.place(tmp_path) for name, place in named.items()}
    )


def test_a_drop_folder_that_is_a_link_to_another_clients_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "globex/incoming").mkdir(parents=True)
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/incoming").symlink_to(tmp_path / "globex/incoming")
    folders = {name: ClientFolder(tmp_path, name) for name in ("acme", "globex")}
    places = {name: engagement().source.place(each.incoming) for name, each in folders.items()}
    assert overlaps(places).keys() == {"acme", "globex"}
    with pytest.raises(ConfigurationError, match="incoming is a link, and links are not followed"):
        engagement().source.open("acme", folders["acme"].incoming)


def test_a_source_in_the_data_of_another_client_is_refused(tmp_path: Path) -> None:
    places = {"acme": engagement(source=local("/data/globex/landing")).source.place(tmp_path)}
    data = {"acme": ("local", "data", "acme"), "globex": ("local", "data", "globex")}
    assert overlaps(places, data).keys() == {"acme", "globex"}


def test_a_source_in_what_a_bucket_holds_of_another_client_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", "s3://machines/live/")
    acme, globex, corp = (ClientFolder(tmp_path, each) for each in ("acme", "globex", "acme_corp"))
    data = {each.client_id: data_places(each)[1] for each in (acme, globex, corp)}
    own = {each.client_id: engagement().source.place(each.incoming) for each in (acme, globex)}
    assert own["acme"] == ("s3", "machines", "live", "acme", "incoming")
    assert not overlaps(own, data)
    for prefix in ("live/acme/0000000001-0a1b2c3d", "live/acme/incoming/", "live"):
        theirs = engagement(source=s3("machines", prefix)).source.place(tmp_path)
        assert overlaps(own | {"globex": theirs}, data).keys() >= {"acme", "globex"}
    monkeypatch.setenv("CONSULTING_DATA", "s3://machines")
    assert data_places(acme)[1] == ("s3", "machines", "acme")


@pytest.mark.parametrize("folder", ["/proc/self", "/proc", "/", "/sys/kernel", "/dev/shm/..", "//"])
def test_the_system_s_own_folders_are_no_source(tmp_path: Path, folder: str) -> None:
    (tmp_path / "link").symlink_to(folder)
    for named in (folder, str(tmp_path / "link")):
        with pytest.raises(ValidationError, match="is the system's own, where the secrets of all"):
            engagement(source=local(named))


def test_a_source_that_became_a_link_to_the_system_s_own_is_not_opened(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    source = engagement(source=local(str(drop))).source
    drop.rmdir()
    drop.symlink_to("/proc/self")
    with pytest.raises(ConfigurationError, match=r"acme: `folder: .* is the system's own"):
        source.open("acme", tmp_path)


def test_a_hard_link_is_set_aside_and_a_copy_is_taken(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/secret.csv").write_text("id\n1\n")
    store = LocalStore(tmp_path / "mine", client_id="acme")
    store.folder.mkdir()
    os.link(tmp_path / "theirs/secret.csv", store.folder / "orders.csv")
    (listed,) = store.list_page(None, 10).items
    with pytest.raises(UnreadableFileError, match=r"orders.csv: It has a second name") as caught:
        store.fetch(listed, tmp_path / "landed")
    assert caught.value.code == "hard_link"
    assert not (tmp_path / "landed").exists()
    (tmp_path / "theirs/secret.csv").unlink()
    (listed,) = store.list_page(None, 10).items
    store.fetch(listed, tmp_path / "landed")
    assert (tmp_path / "landed").read_text() == "id\n1\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


def test_hosts_that_share_a_ledger_agree_whose_place_it_is(ledger: str) -> None:
    engine = Ledger.open(ledger).engine
    shared = ("s3", "uploads", "in")
    claim_place(engine, "acme", shared, NOON)
    claim_place(engine, "acme", shared, NOON)
    with pytest.raises(ConfigurationError, match=r"^globex: .*uploads/in.* the place of acme"):
        claim_place(engine, "globex", (*shared, "globex"), NOON)
    # acme moved away, so its place is free at once
    claim_place(engine, "acme", ("s3", "uploads", "acme"), NOON)
    claim_place(engine, "globex", (*shared, "globex"), NOON)
    with pytest.raises(ConfigurationError, match="globex"):
        claim_place(engine, "acme", shared, NOON)
    # who has not looked for more than a day, on any host, keeps nothing from the others
    claim_place(engine, "acme", shared, NOON + timedelta(days=1, minutes=1))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"feed": {"password_variable": "ACME_CORP_PASSWORD"}}, "is named after acme_corp"),
        ({"source": s3("uploads", "x", credentials_prefix="GLOBEX")}, "is named after globex"),
        ({"feed": {"password_variable": "CONSULTING_LEDGER_URL"}}, "is named after a program"),
    ],
)
def test_a_secret_that_is_named_after_another_client_is_refused(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        refuse_foreign_variables(engagement(**changes), "acme", ["acme", "acme_corp", "globex"])


def test_a_secret_of_ones_own_or_of_nobody_is_read() -> None:
    own = engagement(
        feed={"password_variable": "ACME_PASSWORD"},
        source=s3("uploads", "x", credentials_prefix="WAREHOUSE"),
    )
    refuse_foreign_variables(own, "acme", ["acme", "acme_corp", "globex"])


@pytest.mark.parametrize("prefix", ["", "/", " ", "a//b", "/ /"])
def test_the_whole_bucket_is_no_clients_prefix(prefix: str) -> None:
    with pytest.raises(ValueError, match="is the whole bucket, or has an empty step"):
        engagement(source=s3("uploads", prefix))
    with pytest.raises(ValueError, match="'prefix' is required here, for example 'acme_corp/"):
        engagement(source={"type": "s3", "bucket": "uploads"})
