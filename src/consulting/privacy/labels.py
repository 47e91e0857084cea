"""Which titles of columns are labels, and which are data that a table was turned over.

A table may be turned so that persons, days or numbers stand above its columns, and JSON may name
its fields by them; the first row of a file without a header is a row of data. Names of columns are
told everywhere, so below tier 3 a title is shown where something says that it is a label: the
engagement names it, or its words are those that columns are called by.
"""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from consulting.privacy.column_names import kind_by_name, label_words, words, words_as_written
from consulting.privacy.common_words import calendar_names, is_common
from consulting.privacy.content import find_personal, is_date
from consulting.privacy.harmless_names import promised_words, promises
from consulting.privacy.person_names import is_family_name, is_lone_name, is_person_name
from consulting.privacy.plain import plain
from consulting.untitled import is_untitled

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Judged = Literal["label", "word", "unknown", "data"]

LABEL_SHARE = 0.5
"""So many cells of a row must say that they are titles, for it to be a header."""
SURE_SHARE = 0.8
"""The same where nothing but their words says so."""
_WITH_DATA = 2 / 3
"""The same where one of them is a name, a day or a number."""
_YEARS = range(1900, 2101)
_LONG_NUMBER = 4
_SHORTEST = 3
_PLURALS = ("s", "es", "n", "en", "e")
_LONGEST, _MOST_WORDS = 60, 8
_ABBREVIATION = 10
_LOGIN = 5
"""The letters of a family name that make `jmueller` a login."""
_NAMES_AMONG_WORDS = ("cs", "es")
"""Languages whose list of common words holds names of persons ("garcía", "svoboda")."""
_CALENDAR = re.compile(r"[QqHh][1-4]|[WwKk]{1,2}\d{1,2}|20[1-9]\d[-/. ]?(?:0[1-9]|1[0-2])")
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_PROGRAM = re.compile(r"[\w.-]+")
_WORDS = frozenset(
    """
    a abbr about account achieved acres actual ad additional adjusted age agent air aircraft airline
    alias allocation alpha alt altitude angle annotation answer app application approved area array
    arrival asset assigned attribute author auto available average avg balance band bar base basis
    bathrooms bedrooms before begin benefit bill billing birth bit block body bonus book boolean
    bool box brand breed brewery bucket building business buy by cabin calories camp campaign
    cancelled capital carrier case cause cell census center centre certificate chain change char
    charge check child children choice city claim class click client close closing cluster cohort
    collection col column combo comment comments commission common community company comparison
    completed component condition config constant consumer contact content context
    contract conversion coordinate copy core corrected cost could country county coupon course
    coverage creation creator credit crew currency current customer cycle data dataset datum
    datetime day db deal death debit decimal default degree delay delta demand density dep departure
    depth desc description dest destination detail details device dimension direction disabled
    discharge display dist district division doc document domain done double down download driver
    drug duty economy edition education effect element elevation emergency employer empty end
    endpoint energy engine entity environment epoch equipment error est estimate event exam example
    excess exchange expected expense expiration export ext external extra factor fail family fare
    feature federal fee feed field file filename final finish first fix flag flight float floor
    food foreign form format fraction frequency from fuel full function fund funding gain game
    genre goal grade grand grant group growth half hardware head header heading health height help
    high hire history holder holiday home host hospital hotel hour house household humidity icon
    identifier image import income index indicator industry info information input instance
    institution instrument int integer interest internal interval ip is issue item job join journal
    keyword kind label lane language last latest lead leaf league leave left length lesson letter
    level license life limit line link list load loan local location log logo long loss lot low
    machine main maker manager manufacturer manuf map margin market match matrix max maximum mean
    measure median medium member memo menu merchant message metadata method metric mid middle
    mileage min minimum minute misc mobile mode model modified money month mortality motor move
    movie mpg name names nation native nature net network new news next night node non norm
    normal note notes notice nights null number numeric object objective observation occupancy
    occupation offer offset old online open operator opinion option or order orig origin original
    other out outcome output over overall owner own ownership package page paid pair parameter
    parent part partner party passenger password path patient pattern pay payload payment peak
    per percent percentage percentile performance period permit person phase photo pick
    picture piece pixel place plan planned plant platform player plot point policy poll pool
    position post power practice precision prefix premium present pressure previous primary prime
    principal print prior priority private problem procedure process producer product professor
    profile program progress project promotion property proportion protocol provider province
    public publisher pulse purchase purpose query question queue quota quote race radius rain
    range rank ranking rate rating ratio raw reach reading real reason receipt recipient record
    recovery reduction ref referral refund region register registration relation relative release
    remaining remark remarks rent reply report request requirement reserve reserved residence
    resolution resource response rest result return returned revenue review revision reward right
    risk role room root round route row rule run safety salary sale salesperson sample satisfaction
    saving scale schedule schema school score screen search season seat seats second section sector
    security segment selection seller seniority sensor sent sequence series server service session
    set sex shape share ship shop short show side signal silver site size skill slot snow social
    software sold solution source space span species specification speed sponsor staff stage stamp
    standard star start stat state station stats status step stock stop storage store stories
    story strength string student studio study style sub subject submission subscriber subtotal
    success suffix summary supplier supply support surface survey symbol table tag tail target
    task team tech technology temp temperature term terminal test text theme thread threshold
    ticket tier time timestamp tip title to tolerance tool top topic total tracking trade traffic
    train transaction transfer transmission travel treatment trend trial trip true turn type unit
    units update upload uri url urls usage use user utc val valid validation value values variable
    variance variant vector vehicle velocity vendor version video view views visibility visit
    vintage visitor volume vote votes wage ward warehouse warranty waste water wave web website
    weekday week weight width wind window winner word work worker world year years yield zone
    ounce litre liter gram kilogram meter metre hectare tonne gallon abbreviation classification
    scenario slug enum required hidden permalink receiver normalized
    ort stadt land bemerkung bemerkungen notiz notizen kommentar beschreibung bezeichnung titel
    kunde kunden firma name menge einheit datum uhrzeit zeit jahr monat tag woche wert werte
    betrag filiale bezirk kreis gemeinde bundesland strasse straße quelle ziel dauer beginn ende
    anfang stand alter geburt bestand lieferant verkauf einkauf kosten gewinn verlust anteil
    ville pays commentaire description titre quantite unite date heure annee mois jour semaine
    valeur client societe entreprise source duree debut fin age magasin vente achat
    ciudad pais comentario descripcion titulo cantidad unidad fecha hora ano mes dia semana valor
    cliente empresa tienda venta compra inicio fin edad proveedor
    citta paese commento descrizione titolo unita data ora anno mese giorno settimana valore azienda
    negozio vendita acquisto inizio fine eta fornitore
    naam plaats adres nota
    stad land opmerking omschrijving titel aantal eenheid datum tijd jaar maand dag week waarde
    klant bedrijf winkel verkoop inkoop begin einde leeftijd leverancier
    顧客 客户 商品 产品 名称 单价 单位 日期 时间 备注 編號 日付 時刻 単価 合計 区分 備考 担当 会社
    部門     상품 고객 날짜 비고 клиент дата товар описание единица остаток
    miasto kraj uwagi opis tytul ilosc jednostka data czas rok miesiac dzien tydzien wartosc klient
    firma sklep sprzedaz zakup dostawca system
    campo camara mercado mesa plaza sala salud segundo edit forum
    """.split()
)


def shown_labels(titles: Sequence[str], known: Collection[str] = ()) -> list[str]:
    """The titles of a header's columns as they may be told below tier 3.

    Args:
        titles: The titles, from left to right.
        known: Those that the engagement names itself.

    Returns:
        Each as it is, or empty where it is no label that we know: it is then named after its place.
    """
    judged = [judge(title, known) for title in titles]
    styles = {style_of(t) for t, j in zip(titles, judged, strict=True) if j == "label"}
    return [
        title if j in {"label", "word"} or (j == "unknown" and _fits(title, styles)) else ""
        for title, j in zip(titles, judged, strict=True)
    ]


def are_labels(titles: Sequence[str], apart: Sequence[bool]) -> bool:
    """Whether a row's cells are the titles of columns.

    Args:
        titles: The cells.
        apart: Of each, whether the rows below hold what is plainly something else: numbers, or
            texts that are never written so.
    """
    judged = [
        ("label" if _is_calendar(title) else judge(title), told)
        for title, told in zip(titles, apart, strict=True)
        if title.strip()
    ]
    says = [kind == "label" or (told and kind != "data") for kind, told in judged]
    share = sum(says) / len(judged) if judged else 0.0
    if any(kind == "data" for kind, _ in judged):
        return share >= _WITH_DATA and any(apart)
    if not any(apart):
        return share >= SURE_SHARE and len(judged) > 1
    return share >= LABEL_SHARE


def judge(title: str, known: Collection[str] = ()) -> Judged:
    """What the title of a column is: a label by its words, an ordinary word, unknown, or data.

    Args:
        title: The title, in any script and style. The parts of a path (`a.b`) are judged apart.
        known: Titles that the engagement names itself.
    """
    text = " ".join(title.split())
    if text in known or title.strip() in known or is_untitled(text):
        return "label"
    if find_personal(text):
        return "data"
    parts = [part for part in text.split(".") if part.strip()]
    if len(parts) > 1 and not any(part[0].isspace() for part in parts):
        found = [_judge_part(part) for part in parts]
        return max(found, key=("label", "word", "unknown", "data").index)
    return _judge_part(text)


def _judge_part(text: str) -> Judged:  # noqa: PLR0911 - what decides first is returned first
    if _is_calendar(text):
        return "word"
    if not any(c.isalpha() for c in text):
        short = sum(c.isdigit() for c in text) < _LONG_NUMBER
        return "word" if short and not is_date(text) else "data"
    if len(text) > _LONGEST:
        return "data"
    tokens = words(text)
    letters = [token for token in tokens if not token.isdigit()]
    labels = sum(map(_is_label_word, letters))
    if _holds_number(tokens) or is_date(text) or find_personal(text) or len(tokens) > _MOST_WORDS:
        return "data"
    if labels == len(letters) or _is_eastern_label(text):
        return "label"
    announced = kind_by_name(text) is not None
    # three letters within a word ("OriginWac") are no name
    inside = (part for part in words_as_written(text) if len(part) > _SHORTEST)
    parts = {*_PARTS.findall(text), *inside}
    if is_person_name(text) or any(_is_of_a_person(part, announced) for part in parts):
        return "data"
    ordinary = [_is_label_word(token) or token in _ordinary() for token in letters]
    if all(ordinary) or is_common(text):
        return "label" if 2 * labels >= len(letters) else "word"
    made = [not _is_label_word(token) and _is_compound(token) for token in letters]
    labels += sum(made)
    told = [
        any(each) or len(token) <= _SHORTEST
        for token, *each in zip(letters, ordinary, made, strict=True)
    ]
    # a program's words may be any; what it says of a person is told with words that we know
    if 2 * labels >= len(letters) and (all(told) or (_PROGRAM.fullmatch(text) and not announced)):
        return "label"
    mixed = any(c.isdigit() for c in text)
    if not mixed and sum(map(len, letters)) <= _SHORTEST:
        return "word"  # an abbreviation
    return "data" if mixed and not labels else "unknown"


def _holds_number(tokens: Sequence[str]) -> bool:
    """Whether a number of a title is too long to count anything, and no year."""
    return any(
        token.isdigit() and len(token) >= _LONG_NUMBER and int(token) not in _YEARS
        for token in tokens
    )


def _is_label_word(token: str) -> bool:
    if token in _labels() or (token.endswith("ies") and f"{token[:-3]}y" in _labels()):
        return True
    stems = (token.removesuffix(ending) for ending in _PLURALS if token.endswith(ending))
    return any(len(stem) >= _SHORTEST and stem in _labels() for stem in stems)


def style_of(title: str) -> Literal["lower", "upper", "other"]:
    """How a title is written: `as_programs_do`, `IN_CAPITALS`, or as people write."""
    text = title.strip()
    if not text or any(c.isspace() for c in text) or not text.replace("_", "").isalnum():
        return "other"
    return "lower" if text.islower() else "upper" if text.isupper() else "other"


def _is_calendar(title: str) -> bool:
    """Whether a title is a month, a year, a quarter or the like."""
    text = title.strip()
    if text.isdecimal() and text.isascii():
        return int(text) in _YEARS
    return _CALENDAR.fullmatch(text) is not None or plain(text).strip(".") in calendar_names()


def _is_eastern_label(text: str) -> bool:
    return any(
        word in run[0] for run in _EASTERN.finditer(text) for word in _labels() if len(word) > 1
    )


def _is_compound(token: str) -> bool:
    """Whether a word is made of two by which columns are called: `kundennr`, `stateavg`."""
    if promises(token):
        return True
    return any(
        token[:at] in _labels() and token[at:].removeprefix("s") in _labels()
        for at in range(_SHORTEST, len(token) - _SHORTEST + 1)
    )


def _is_of_a_person(part: str, announced: bool) -> bool:  # noqa: FBT001 - one of two readings
    """Whether a word of a title is a name, or a login that ends in a family name.

    Args:
        part: The word as it is written.
        announced: Whether others of the title announce a person's datum; then a name that is a word
            of a language, too ("Klein e-mail"), is a name.
    """
    token = plain(part)
    if part.isupper() and len(part) <= 3:  # noqa: PLR2004 - an abbreviation
        return False
    if _is_label_word(token) or len(token) < 3:  # noqa: PLR2004
        return False
    if token in _ordinary():
        return announced and len(token) > _SHORTEST and is_family_name(token)
    if is_lone_name(part.capitalize()):
        return True
    rests = (token[1:], token[2:]) if part.islower() or part.isupper() else ()
    return any(len(rest) >= _LOGIN and is_family_name(rest) for rest in rests)


def _fits(title: str, styles: Collection[str]) -> bool:
    """Whether an unknown title is written as programs write, and as the labels beside it."""
    style = style_of(title)
    short = style == "upper" and len(title) <= _ABBREVIATION
    return style in styles and (style == "lower" or short)


@cache
def _labels() -> frozenset[str]:
    """The words that columns are called by, each as one."""
    plain_words = {word for text in _WORDS for word in words(text)}
    return frozenset(plain_words | label_words() | promised_words())


@cache
def _ordinary() -> frozenset[str]:
    """Words of the dictionary in some 20 languages: Faker's, without the names among them."""
    from faker.providers import lorem

    found: set[str] = set()
    for module in pkgutil.iter_modules(lorem.__path__):
        provider = import_module(f"{lorem.__name__}.{module.name}").Provider
        told = {token for word in provider.word_list for token in words(str(word))}
        if module.name[:2] in _NAMES_AMONG_WORDS:
            told -= {token for token in told if is_lone_name(token.capitalize())}
        found |= told
    return frozenset(found)
