"""Personal data in one value: what the whole value is, and what stands somewhere in it.

Every pattern here is linear in the length of the text: what repeats is bounded or unambiguous.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from consulting.privacy.common_words import month_names
from consulting.privacy.person_names import is_person_name, names_inside
from consulting.privacy.person_numbers import is_card, is_iban, is_national_id
from consulting.privacy.plain import plain, western

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Recogniser = Callable[[str], bool]

_AT = "@\uff20\ufe6b"
_LOCAL, _HOST = "._%+'-", ".-"
_MOST_LOCAL, _MOST_HOST = 64, 253
_SPELT_AT = re.compile(
    r"[\w.+-]{1,64} ?[\[({] ?(?:at|\u00e4t|\u0430\u0442) ?[\])}] ?[\w.-]{1,100}", re.IGNORECASE
)
_PHONE = re.compile(
    r"(?:\+|00)\d[\d\s().\u2010-\u2015/-]{5,24}(?:(?:x|ext\.?|#)\s?\d{1,6})?"
    r"|(?:\+?1[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[.-])\d{3}[\s.-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
    r"|\(?0\d{1,4}\)?[\s/-]{1,3}\d{2,8}(?:[\s-]\d{1,5}){0,4}",
    re.IGNORECASE,
)
_PHONE_LENIENT = re.compile(r"\+?[\d\s().,/x-]{5,25}(?:ext\.?\s?\d+)?", re.IGNORECASE)
_PHONE_DIGITS = range(6, 19)
_REGIONS = "US GB DE FR ES IT NL PL TR BR IN CN JP AU".split()  # noqa: SIM905 - words
_ANY = "ZZ"
"""No country: the number has to name its own."""
_SPREAD = 982_451_653_982_451_653
_BY_CHANCE = 0.5
_CALLED = re.compile(
    r"(?:tel|fon|phone|fax|mobil|mobile|handy|cell|durchwahl|ext|whatsapp|gsm|\u0442\u0435\u043b"
    r"|\u7535\u8bdd|\u96fb\u8a71|\u260e|\u2706)[\w.]{0,6}[\s.:\uff1a#-]{0,4}$",
    re.IGNORECASE,
)
_NEAR = 24
_RUN = re.compile(r"[+(]{0,2}\d(?:[\d\s().,/'\u00a0\u2010-\u2015-]{0,38}\d)?")
_DATE = re.compile(
    r"\d{4}[-/.\u5e74] ?\d{1,2}[-/.\u6708] ?\d{1,2}\u65e5?(?:[T ].{0,40})?"
    r"|\d{1,2}[-/.] ?\d{1,2}[-/.] ?\d{2,4}(?:,? .{0,40})?|(?:19|20)\d{6}|\d{1,2} \d{1,2} \d{4}"
)
_MONTH = re.compile(r"(?:0?[1-9]|1[0-2])[-/. ](?:19|20)\d\d")
_WORDED = re.compile(
    r"(?:[^\W\d_]{2,9}\.?,? )?(\d{1,2})(?:st|nd|rd|th|\.)?[- ]?(?:de |of )?([^\W\d_]{3,12})\.?"
    r"(?:[-., ]| de ){0,3}(\d{2,4})(?:,? \d{1,2}:.{0,20})?"
    r"|([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{2,4})(?:,? \d{1,2}:.{0,20})?"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NUMBER = re.compile(
    r"\d{1,3}(?:[,'\u2019]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,6}[.,]\d+"
    r"|\d{1,3}(?:[ \u00a0.]\d{3}){1,2}"
)
_SMALL_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(?:[.,][0-9]{1,2})?")
_LONGEST_KEPT = 64
_BIRTH = re.compile(
    r"(?:born|birth|birthday|dob|geb|geboren|n\u00e9e?|nacid[oa]|nat[oa]|\*|\u0440\u043e\u0436\u0434"
    r"|do\u011fum|urodz|f\u00f8dt|f\u00f6dd|sinh|\u751f)[^\d]{0,12}$",
    re.IGNORECASE,
)
_LATEST_BIRTH = 2010
"""In prose a date up to this year is taken for one of birth, whatever stands before it."""
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./+-]{4,30}[A-Za-z0-9]")
_IBAN_START = re.compile(r"\b[A-Z]{2}\d{2}(?=[ \dA-Z-])", re.IGNORECASE)
_LONGEST_IBAN, _SHORTEST_IBAN = 42, 15
_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_MACHINE = re.compile(
    r"(?<![\w.:])(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|\d{1,3}(?:\.\d{1,3}){3}"
    r"|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.@])@\w[\w.]{1,40}")
_STREET_WORDS = frozenset(
    "st street ave avenue rd road blvd boulevard ln lane dr drive ct court pl place hwy highway "  # noqa: SIM905 - words
    "pkwy parkway sq square terrace crescent close way rue calle avenida av via viale piazza rua "
    "ul ulica aleja ulice utca ut cadde caddesi sokak sokagi mahallesi mah bulvari duong pho "
    "\u0443\u043b \u0443\u043b\u0438\u0446\u0430 \u043f\u0440 \u043f\u0440\u043e\u0441\u043f\u0435"
    "\u043a\u0442 \u043f\u0435\u0440 \u0434\u043e\u043c \u0448\u0430\u0440\u0456 \u0634\u0627\u0631"
    "\u0639 \u05e8\u05d7\u05d5\u05d1 laan straat weg plein vag gatan katu tie vej gade".split()
)
_STREET_ENDINGS = (
    "strasse", "str", "gasse", "allee", "platz", "weg", "straat", "laan", "gracht", "gatan",
    "vagen", "gata", "gate", "vej", "veien", "katu", "tie", "utca", "ring", "damm", "ufer",
)  # fmt: skip
_EASTERN_STREET = re.compile(
    r"[\u3400-\u9fff]{1,20}(?:路|街|道|巷|丁目|番地|号|區|区|市)\d{0,6}[\d\u3400-\u9fff号號楼室-]{0,20}"
    r"|[\uac00-\ud7a3]{1,12}(?:로|길|동) ?\d{1,5}"
)
_STREET_REACH = 4
_HOUSE = re.compile(r"#?\d{1,5}[a-zA-Z]?(?:[-/]\d{0,5}[a-zA-Z]?)?\.?")


class Found(NamedTuple):
    """Personal data somewhere in a text.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        kind: As `PiiFinding.kind`.
        sure: Whether form or check digits prove it; else it is only taken for it to be safe.
    """

    start: int
    end: int
    kind: str
    sure: bool


def _letter(c: str) -> bool:
    return c.isalnum() or unicodedata.combining(c) > 0


def _emails(text: str) -> Iterator[Found]:
    if any(c in text for c in _AT):
        for at in (i for i, c in enumerate(text) if c in _AT):
            start, end = at, at + 1
            while (
                start
                and at - start < _MOST_LOCAL
                and (_letter(text[start - 1]) or text[start - 1] in _LOCAL)
            ):
                start -= 1
            while (
                end < len(text)
                and end - at < _MOST_HOST
                and (_letter(text[end]) or text[end] in _HOST)
            ):
                end += 1
            while end > at + 1 and text[end - 1] in _HOST:
                end -= 1
            if start < at and end > at + 2:
                yield Found(start, end, "email", "." in text[at:end])
    elif "at" in text.casefold() or "\u0430\u0442" in text:
        yield from (Found(*m.span(), "email", sure=True) for m in _SPELT_AT.finditer(text))


def is_email(value: str) -> bool:
    """Whether the whole value is one e-mail address, in letters of any script."""
    text = value.strip().removeprefix("mailto:").removeprefix("<").removesuffix(">")
    if not any(c in text for c in _AT):
        return False
    found = next(_emails(text), None)
    if found is None or (found.start, found.end) != (0, len(text)):
        return False
    host, _, top = western(text).rpartition("@")[2].rpartition(".")
    return bool(host) and len(top) > 1 and not any(c.isdigit() for c in top) and ".." not in host


def is_plain_email(value: str) -> bool:
    """Whether a value is an e-mail address as the cleaning rule reads one: in ASCII."""
    return value.isascii() and is_email(value)


@lru_cache(maxsize=20_000)
def _valid_phone(text: str, region: str | None) -> bool:
    import phonenumbers  # a process that reads a file at tier 3 does without

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    possible = phonenumbers.is_possible_number(number)
    return possible if region is None else phonenumbers.is_valid_number(number)


def rehearse_phones() -> None:
    """Have what is known of telephone numbers at hand, and the patterns of our countries made."""
    from phonenumbers import PhoneMetadata, example_number, is_valid_number

    PhoneMetadata.load_all()
    for number in filter(None, map(example_number, _REGIONS)):
        is_valid_number(number)


def is_phone(value: str) -> bool:
    """Whether a value is written as only telephone numbers are (`+…`, `(…) …-…`)."""
    text = western(value).strip()
    if _PHONE.fullmatch(text) is None or is_date(text) or _MONTH.fullmatch(text):
        return False
    if text.startswith("+"):
        return _valid_phone(text, None)
    if text.startswith("00"):
        return _valid_phone(f"+{text[2:].lstrip()}", None)
    return any(_valid_phone(text, region) for region in _REGIONS)


def could_be_phone(value: str) -> bool:
    """Whether a value would pass as a telephone number in a column named so."""
    return (
        _PHONE_LENIENT.fullmatch(western(value)) is not None
        and sum(c.isdigit() for c in value) in _PHONE_DIGITS
    )


def are_phones(values: Sequence[str], share: float) -> bool:
    """Whether plain digits are telephone numbers: so large a share of them of one country.

    Countries with numbers of every form prove nothing: half of any digits would be theirs.
    """
    numbers = [western(value) for value in values]
    any_digits = [str(_SPREAD * (at + 1))[-len(number) :] for at, number in enumerate(numbers)]

    def valid(texts: Sequence[str], region: str) -> float:
        return sum(_valid_phone(text, region) for text in texts) / len(texts)

    def abroad(texts: Sequence[str]) -> float:
        return sum(_valid_phone(f"+{text}", _ANY) for text in texts) / len(texts)

    return (abroad(numbers) >= share and abroad(any_digits) < _BY_CHANCE) or any(
        valid(numbers, region) >= share and valid(any_digits, region) < _BY_CHANCE
        for region in _REGIONS
    )


def could_be_national_id(value: str) -> bool:
    """Whether a value would pass as an identity number in a column named so."""
    core = re.sub(r"[\s./-]", "", value)
    return 5 <= len(core) <= 20 and core.isalnum() and any(c.isdigit() for c in core)  # noqa: PLR2004


def is_ip_address(value: str) -> bool:
    """Whether a value is an IPv4, IPv6 or MAC address."""
    if _MAC.fullmatch(value):
        return True
    if value.count(".") != 3 and ":" not in value:  # noqa: PLR2004 - four octets
        return False
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def is_date(value: str) -> bool:
    """Whether a value is written as a date; only with a name to say so is it one of birth."""
    text = western(value).strip()
    if len(text) > 60 or not any(c.isdigit() for c in text):  # noqa: PLR2004 - no date is longer
        return False
    if _DATE.fullmatch(text):
        return True
    worded = _WORDED.fullmatch(text)
    return worded is not None and plain(worded[2] or worded[4]) in month_names()


def year_of(value: str) -> int | None:
    """The year of a date; of two digits, up to 30 they are of this century."""
    text = western(value)
    found = _YEAR.search(text) or re.search(r"(?:19|20)\d\d", text)
    if found:
        return int(found[0])
    digits = re.findall(r"\d+", text)
    year = int(digits[2]) if len(digits) > 2 else int(digits[-1])  # noqa: PLR2004
    return None if year > 99 else year + (2000 if year <= 30 else 1900)  # noqa: PLR2004


def is_address(value: str) -> bool:
    """Whether a value reads as a street and a number."""
    return next(_streets(value), None) is not None


def _streets(text: str) -> Iterator[Found]:
    yield from (Found(*m.span(), "address", sure=True) for m in _EASTERN_STREET.finditer(text)
                if any(c.isdigit() for c in m[0]))  # fmt: skip
    words = list(re.finditer(r"[^\s,;]+", text))
    for at, word in enumerate(words):
        name = plain(word[0]).strip(".()")
        alone = name in _STREET_WORDS
        if not alone and not (len(name) > 4 and name.rstrip(".").endswith(_STREET_ENDINGS)):  # noqa: PLR2004
            continue
        low, high = max(0, at - _STREET_REACH), min(len(words), at + _STREET_REACH + 1)
        # "18th Street" is the street's name: the number of a house is a number
        numbered = [i for i in range(low, high) if i != at and _HOUSE.fullmatch(words[i][0])]
        if not alone:
            numbered = [i for i in numbered if i == at + 1]
        if numbered:
            first, last = min(at, *numbered), max(at, *numbered)
            yield Found(words[first].start(), words[last].end(), "address", sure=True)


def could_be_name(value: str) -> bool:
    """Whether a value would pass as a name in a column named so: words without digits."""
    return not any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _ibans(text: str) -> Iterator[Found]:
    for start in (m.start() for m in _IBAN_START.finditer(text)):
        end = min(len(text), start + _LONGEST_IBAN)
        part = text[start:end]
        for length in range(len(part), _SHORTEST_IBAN - 1, -1):
            if part[length - 1].isalnum() and is_iban(part[:length]):
                yield Found(start, start + length, "iban", sure=True)
                break


def _digits(text: str) -> Iterator[Found]:
    """Runs of digits: cards, identity numbers, phones, dates; and long ones, to be safe."""
    for run in _RUN.finditer(text):
        value, start = run[0], run.start()
        count = sum(c.isdigit() for c in value)
        before = text[max(0, start - _NEAR) : start]
        if is_card(value.strip("+(")) and count > 12:  # noqa: PLR2004
            yield Found(*run.span(), "card", sure=True)
        elif is_date(value):
            year = year_of(value)
            born = _BIRTH.search(before) is not None
            if born or year is None or year <= _LATEST_BIRTH:
                yield Found(*run.span(), "date_of_birth", born)
        elif is_national_id(value):
            yield Found(*run.span(), "national_id", "-" in value or "." in value)
        elif count >= 4 and _CALLED.search(before):  # noqa: PLR2004
            yield Found(*run.span(), "phone", count > 5)  # noqa: PLR2004
        elif count >= 7 and not _NUMBER.fullmatch(value):  # noqa: PLR2004
            yield Found(*run.span(), "phone", value[0] == "+" and is_phone(value))


def is_small_number(value: str) -> bool:
    """Whether a value is a number too short for anything that is personal by its form."""
    return _SMALL_NUMBER.fullmatch(value) is not None


def find_personal(value: str) -> tuple[Found, ...]:
    """All personal data in a text, from left to right; what overlaps is told once.

    Args:
        value: The text, of any length.
    """
    if is_small_number(value):
        return ()
    return _found_again(value) if len(value) <= _LONGEST_KEPT else _found(value)


def _found(value: str) -> tuple[Found, ...]:
    text = western(value)
    if len(text) != len(value):  # pragma: no cover - `western` keeps the length
        text = value
    found = [*_emails(text)]
    has_digits, has_letters = any(c.isdigit() for c in text), any(c.isalpha() for c in text)
    if has_digits:
        found += (
            Found(*m.span(), "ip_address", sure=True)
            for m in _MACHINE.finditer(text)
            if is_ip_address(m[0])
        )
        found += (
            Found(*m.span(), "national_id", sure=True)
            for m in _TOKEN.finditer(text)
            if not m[0].isdigit() and is_national_id(m[0])
        )
        found += _digits(text)
    if has_digits and has_letters:
        found += _ibans(text)
        found += _streets(text)
    found += (Found(*m.span(), "username", sure=False) for m in _HANDLE.finditer(text))
    if has_letters:
        found += (Found(start, end, "name", sure) for start, end, sure in names_inside(value))
    return _apart(found)


_found_again = lru_cache(maxsize=20_000)(_found)
"""A value is looked at for its column, and again where it is shown."""


def _apart(found: list[Found]) -> tuple[Found, ...]:
    """What overlaps an earlier or surer find is joined to it."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda f: (f.start, not f.sure, -f.end)):
        if apart and one.start < apart[-1].end:
            last = apart[-1]
            apart[-1] = last._replace(end=max(last.end, one.end), sure=last.sure or one.sure)
        else:
            apart.append(one)
    return tuple(apart)


def kind_of(value: str) -> str | None:
    """What a whole value is by its own form, where it is personal data or a date."""
    text = value.strip()
    kind = next((kind for kind, (is_one, _) in STRICT.items() if is_one(text)), None)
    return kind or ("date_of_birth" if is_date(text) else None)


# What is found without a name, and the least share of the values that makes it a finding.
STRICT: dict[str, tuple[Recogniser, float]] = {
    "email": (is_email, 0.05),
    "iban": (is_iban, 0.05),
    "card": (is_card, 0.3),
    "national_id": (is_national_id, 0.3),
    "ip_address": (is_ip_address, 0.5),
    "phone": (is_phone, 0.3),
    "address": (is_address, 0.4),
    "name": (is_person_name, 0.3),
}

# What confirms a name's announcement.
LENIENT: dict[str, Recogniser] = {
    "email": is_email,
    "phone": could_be_phone,
    "date_of_birth": is_date,
    "national_id": could_be_national_id,
    "iban": is_iban,
    "bank_account": could_be_national_id,
    "card": is_card,
    "ip_address": is_ip_address,
    "postal_code": lambda value: len(value) <= 10 and any(c.isdigit() for c in value),  # noqa: PLR2004
    "address": lambda value: any(c.isalpha() for c in value),
    "name": could_be_name,
}
