"""What may be said outside: escaping for Slack, and taking values out of other people's errors.

An alert leaves the house. It carries counts and names, never a value of a client's row. Our own
sentences are made of counts and names; the text of a foreign error is not, so it is cut down here.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_NUMBER = re.compile(r"(?<![\w-])\+?\d[\d .()/-]{5,40}\d(?![\w-])")
_LEAST_DIGITS = 7
"""A number with as many digits may be a phone, card or account, unless it is a date."""
_DATE = re.compile(
    r"\d{4}[-./]\d{2}[-./]\d{2}([ T]\d{2})?|\d{1,2}[-./]\d{1,2}[-./]\d{4}|(19|20)\d{6}"
)
_SINGLE_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_KEY_DETAIL = re.compile(r"\([^()]*\)=\([^()]*\)")
_TRACE_LINE = re.compile(r"^\s*(File \"|Traceback|at |\^|During handling|The above exception)")
_ERROR_LINE = re.compile(r"^[\w.]+(Error|Exception|Warning|Interrupt)\b")
CAUSE_LENGTH = 400


def escape(text: str) -> str:
    """Text for Slack in which nothing is a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, length: int) -> str:
    """Escaped text of at most `length` characters, never cut within an escape."""
    if len(text) > length:
        text = shortened(text, length)
    result = escape(text)
    while len(result) > length:
        text = shortened(text, len(text) - max(1, (len(result) - length) // 5))
        result = escape(text)
    return result


def as_code(name: str, length: int = 300) -> str:
    """A name in Slack's code style, in which no character is formatting."""
    plain = " ".join(name.replace("`", chr(0x2B9)).split())  # a line break would end the style
    return f"`{escaped(plain, length)}`" if plain else "`-`"


def without_personal_data(text: str) -> str:
    """Text without e-mail addresses and numbers long enough to be a phone, card or account."""
    return _NUMBER.sub(_number_or_date, _EMAIL.sub("[e-mail]", text))


def without_values(text: str) -> str:
    """A foreign error's text without anything that may be a value of a row.

    Databases quote values in single quotes and names in double quotes, and PostgreSQL tells a
    broken key as `(column)=(value)`; so single-quoted text and such details go.
    """
    text = _SINGLE_QUOTED.sub("[value]", _KEY_DETAIL.sub("[key]", text))
    return without_personal_data(text)


def first_cause(error: BaseException | str) -> str:
    """Why something failed, in one line: the innermost error, without stack and values.

    Args:
        error: An exception, whose chain of causes is followed to its beginning, or the text of
            one, tracebacks and all.
    """
    if isinstance(error, BaseException):
        seen = {id(error)}
        while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
            seen.add(id(cause))
            error = cause
        text = str(error).strip() or type(error).__name__
    else:
        text = _innermost(error)
    line = " ".join(text.split())
    return shortened(without_values(line), CAUSE_LENGTH)


def shortened(text: str, length: int) -> str:
    """Text of at most `length` characters; an ellipsis shows where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _number_or_date(found: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return found[0] if digits < _LEAST_DIGITS or _DATE.fullmatch(found[0]) else "[number]"


def _innermost(text: str) -> str:
    """The first error named in the text of a traceback (causes are printed before effects)."""
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines:
        if _ERROR_LINE.match(line):
            _, _, message = line.partition(":")
            return message.strip() or line
    plain = [line for line in lines if not _TRACE_LINE.match(line)]
    return (plain or lines or ["unknown"])[0]
