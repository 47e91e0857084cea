"""How a value may be shown: as it is, or as its shape, which tells nothing of what it says."""

from __future__ import annotations

from consulting.privacy.content import find_personal
from consulting.privacy.person_names import is_surely_person


def shape(value: str) -> str:
    """A value with each letter as `A` or `a` and each digit as `9`; the rest stays.

    Args:
        value: Any text. `"Jane.Doe@acme.com"` gives `"Aaaa.Aaa@aaaa.aaa"`.
    """
    return "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value
    )


def is_personal(value: str) -> bool:
    """Whether a value surely is or holds personal data, whatever its column holds otherwise."""
    inside = find_personal(value)
    return is_surely_person(value.strip()) or any(f.sure or f.kind == "name" for f in inside)


def shown(value: str, *, personal: bool) -> str:
    """A value of a client as a document may show it.

    Args:
        value: The value.
        personal: The decision on its column: `ColumnProfile.personal`.

    Returns:
        Its shape, where the column holds personal data or the value itself surely does.
    """
    return shape(value) if personal or is_personal(value) else value
