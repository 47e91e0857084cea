"""The manual of the reader lists each of its reason codes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
RAISED = re.compile(r'UnreadableFileError\(\s*(?:self\._|source\.)?filename,\s*"([a-z_]+)"')


def test_each_reason_code_is_in_the_manual() -> None:
    manual = (ROOT / "docs" / "reading.md").read_text()
    sources = (ROOT / "src" / "consulting" / "intake" / "reading").glob("*.py")
    codes = {code for path in sources for code in RAISED.findall(path.read_text())}
    assert len(codes) > 20
    assert sorted(code for code in codes if f"`{code}`" not in manual) == []
