"""Values of personal data replaced by others of the same form.

Each letter and digit is exchanged for one drawn from a keyed hash (HMAC-SHA-256, RFC 2104) of the
whole value. The same value always gives the same mask under the same key, whatever its case and
punctuation, so that distinct counts, duplicates, joins, casing variants and formats still profile.
Without the key nothing can be looked up; who holds the key could try guesses, so this is
pseudonymisation in the sense of GDPR article 4(5), and the key stays in the client's own folder.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import os
import re
import secrets
from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError
from consulting.rules.missing import is_null_like
from consulting.rules.months import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

KEY_FILE = "masking.key"
_KEY_BYTES = 32
_PROCESS_KEY = secrets.token_bytes(_KEY_BYTES)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DATE_PARTS = re.compile(r"\d+")


def masking_key(client_path: Path) -> bytes:
    """The client's own random key, made at the first call and kept at `<client>/masking.key`.

    A delivery can be rebuilt byte for byte as long as the key is there; deleting it makes every
    stored mask impossible to trace for good.

    Args:
        client_path: `ClientFolder.path`.

    Raises:
        ConfigurationError: If the file is there but holds no key.
    """
    path = client_path / KEY_FILE
    if not path.exists():
        _write_once(path, secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{client_path.name}: the masking key ({KEY_FILE}) holds {len(key)} bytes and must "
            f"hold {_KEY_BYTES}. Restore it from a backup, or delete it to start with a new key; "
            "masks stored before will then no longer match new ones."
        )
    return key


def _write_once(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where another process was first: its key is the key
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def mask(kind: str, value: str | None, *, key: bytes | None = None) -> str | None:
    """Replaces a value by another of the same form that tells nothing of it.

    Blanks and null tokens ("N/A") stay, for they are no one's data. E-mail addresses end in
    `.example` and cards start with 9, so that no mask is ever someone's real address or card;
    addresses of machines move to private ranges; a date stays a date in the same format, and one
    of no calendar (30.02.2025) one of none: that it is wrong is to be told.

    Args:
        kind: The kind of personal data, as in `PiiFinding.kind`.
        value: The value.
        key: `masking_key(...)` of the client. Without it a random key of this process is used:
            safe, but another process gives other masks.
    """
    if value is None or is_null_like(value):
        return value
    draws = _Draws(key or _PROCESS_KEY, value)
    return _MASKS.get(kind, _exchange)(value, draws)


class _Draws:
    """Numbers drawn from a keyed hash of a value's letters and digits."""

    def __init__(self, key: bytes, value: str) -> None:
        self._key = key
        self._core = "".join(c for c in value.casefold() if c.isalnum()).encode()
        self._bytes = self._stream()

    def _stream(self) -> Iterator[int]:
        block = 0
        while True:
            message = block.to_bytes(4, "big") + self._core
            yield from hmac.new(self._key, message, hashlib.sha256).digest()
            block += 1

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, from two bytes: the bias is below 1 in 600."""
        return (next(self._bytes) * 256 + next(self._bytes)) % limit

    def between(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)


def _exchange(value: str, draws: _Draws) -> str:
    """Each letter for a letter of the same case, each digit for a digit; a leading 0 stays 0."""
    out: list[str] = []
    at_start = True
    for c in value:
        if c.isdigit():
            leading = "0" if c == "0" else str(draws.between(1, 9))
            out.append(leading if at_start else str(draws.below(10)))
        elif c.isalpha():
            letter = _LETTERS[draws.below(len(_LETTERS))]
            out.append(letter.upper() if c.isupper() else letter)
        else:
            out.append(c)
        at_start = at_start and not c.isalnum()
    return "".join(out)


def _card(value: str, draws: _Draws) -> str:
    return re.sub(r"\d", "9", _exchange(value, draws), count=1)


def _iban(value: str, draws: _Draws) -> str:
    return re.sub(r"[A-Za-z]{2}", "XX", _exchange(value, draws), count=1)


def _email(value: str, draws: _Draws) -> str:
    if "@" not in value:
        return _exchange(value, draws)
    local, _, domain = value.rpartition("@")
    masked = _exchange(local, draws)
    host = _exchange(domain.strip().rpartition(".")[0], draws)
    trailing = value[len(value.rstrip()) :]
    if not host:
        return f"{masked}@{_exchange(domain, draws)}"  # malformed stays malformed
    return f"{masked}@{host}.example{trailing}"


def _is_in_no_calendar(parts: Sequence[str]) -> bool:
    """Whether numbers with a year of four digits are no date in either order of the others."""
    if len(parts) == 1 and len(parts[0]) == 8:  # noqa: PLR2004 - 19840317
        parts = parts[0][:4], parts[0][4:6], parts[0][6:]
    years = [int(part) for part in parts if len(part) == 4]  # noqa: PLR2004
    rest = [int(part) for part in parts if len(part) <= 2][:2]  # noqa: PLR2004
    if not years or len(rest) < 2:  # noqa: PLR2004 - day and month
        return False
    return not any(
        0 < month <= 12 and 0 < day <= calendar.monthrange(max(1, years[0]), month)[1]  # noqa: PLR2004
        for day, month in (rest, rest[::-1])
    )


def _date(value: str, draws: _Draws) -> str:
    parts = _DATE_PARTS.findall(value)
    smaller = [p for p in parts if len(p) <= 2][:2]  # noqa: PLR2004 - day and month
    day_certain = any(12 < int(p) <= 31 for p in smaller)  # noqa: PLR2004
    wrong = _is_in_no_calendar(parts)
    seen_small = 0

    def exchange(match: re.Match[str]) -> str:
        nonlocal seen_small
        text = match.group()
        if len(text) == 8 and len(parts) == 1:  # noqa: PLR2004 - 19840317
            day = "0231" if wrong else f"{draws.between(1, 12):02}{draws.between(1, 28):02}"
            return f"{draws.between(1940, 2005)}{day}"
        if len(text) == 4:  # noqa: PLR2004 - a year
            return str(draws.between(1940, 2005))
        if len(text) <= 2 and seen_small < 2:  # noqa: PLR2004
            seen_small += 1
            if wrong:
                return "31" if text == max(smaller, key=int) else f"{2:0{len(text)}}"
            high = day_certain and int(text) > 12  # noqa: PLR2004
            drawn = draws.between(13, 28) if high else draws.between(1, 12)
            return f"{drawn:0{len(text)}}" if len(text) == 2 else str(min(drawn, 9))  # noqa: PLR2004
        return "".join(str(draws.below(10)) for _ in text)

    numbers = _DATE_PARTS.sub(exchange, value)
    return re.sub(r"[^\W\d_]{3,}", lambda m: _month(m.group(), draws), numbers)


def _month(word: str, draws: _Draws) -> str:
    month = ENGLISH[draws.below(12)].lower()
    return month.upper() if word.isupper() else month.title() if word[0].isupper() else month


def _address_of_machine(value: str, draws: _Draws) -> str:
    core = value.strip()
    if re.fullmatch(r"(?:\d{1,3}\.){3}\d{1,3}", core):
        return "10." + ".".join(str(draws.between(1, 254)) for _ in range(3))
    if ":" in core and not re.fullmatch(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", core):
        return "fd00:" + ":".join(f"{draws.below(65536):x}" for _ in range(7))
    return _exchange(value, draws)


_MASKS: dict[str, Callable[[str, _Draws], str]] = {
    "email": _email,
    "card": _card,
    "date_of_birth": _date,
    "iban": _iban,
    "ip_address": _address_of_machine,
}
