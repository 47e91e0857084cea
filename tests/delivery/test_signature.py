"""Who made the documents and whom to ask: the consultancy's name, contact and logo."""

import base64
from pathlib import Path
from types import ModuleType

import pytest

from consulting.delivery import DeliveryInputs, build_delivery, read_logo
from consulting.delivery.mapping import render_mapping
from consulting.errors import ConfigurationError
from consulting.layout import ClientFolder

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 2"><path d="M0 0h8v2H0z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n rest"


def test_the_foot_says_who_made_the_documents_and_whom_to_ask(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    delivery = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    for name in ("quality_report.html", "mapping_document.html"):
        html = (delivery.path / name).read_text()
        foot = html[html.index("<footer>") :]
        assert "Made by Lindqvist &amp; Partners for Brightwater Kitchens." in foot
        assert "Questions, answers and corrections: <strong>Maja Lindqvist, +46" in foot
    report = (delivery.path / "quality_report.html").read_text()
    first = report[: report.index('<nav class="contents"')]
    assert "Please answer to Maja Lindqvist, +46 8 555 010 20." in first


@pytest.mark.parametrize(("name", "content"), [("logo.svg", SVG), ("Logo.PNG", PNG)])
def test_a_logo_becomes_part_of_the_page(
    inputs: DeliveryInputs, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    signed = inputs.consultancy.model_copy(update={"logo": read_logo(tmp_path / name)})
    page = render_mapping(inputs.model_copy(update={"consultancy": signed}))
    html = page.replace("&#43;", "+")
    assert html.count("<img") == 1
    assert f'base64,{base64.b64encode(content).decode()}" alt="Lindqvist &amp; Partners">' in html


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.svg", None, "there is no such file"),
        ("big.png", PNG + b"x" * 100_000, "at most 100,000"),
        ("no.png", SVG, "does not hold what its name says"),
        ("no.svg", b"<html>", "does not hold what its name says"),
        ("also_no.svg", PNG, "does not hold what its name says"),
    ],
)
def test_a_logo_that_can_not_be_used_is_refused(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=told):
        read_logo(tmp_path / name)
