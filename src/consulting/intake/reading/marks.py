"""Numbers that a file has as numbers, written with the decimal mark that their column's rule reads.

A workbook shows 12.5 as 12,5 to whoever works with a decimal comma; a rule for that column reads
texts, and 12.500 would be twelve thousand to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from consulting.rules.numbers import OtherMark

_OPEN = r"^(-?[0-9]{1,3}[.][0-9]{3})$"
"""What a rule that reads either mark asks about: a digit more, and it is one number."""
_NOUGHTS = r"[.]0+$"
"""What a rule of whole numbers asks about in a text: 12.000 may be twelve thousand."""
_CHANGED = {"either": (_OPEN, r"\g<1>0"), "whole": (_NOUGHTS, "")}


def with_mark(number: str, mark: OtherMark) -> str:
    """A number with a decimal point as a rule reads it.

    Args:
        number: As the reader writes it.
        mark: The mark of the rule.
    """
    if mark == "comma":
        return number.replace(".", ",")
    pattern, other = _CHANGED[mark]
    return re.sub(pattern, other, number)


def all_with_mark(numbers: pa.Array, mark: OtherMark) -> pa.Array:
    """The same of a column of Arrow's."""
    import pyarrow.compute as pc

    if mark == "comma":
        return pc.replace_substring(numbers, ".", ",")
    pattern, other = _CHANGED[mark]
    return pc.replace_substring_regex(numbers, pattern, other.replace(r"\g<1>", r"\1"))
