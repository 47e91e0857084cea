"""Words of business that name no person: what a closed list may hold, and what no name is."""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from consulting.privacy.plain import all_plain, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCALES = "en de fr es it pt nl pl cs tr ru uk ar zh ja ko vi sv da nb fi hu ro el he hi th id"
_BUSINESS = """
a b c d e f g h i j k l m n o p q r s t u v w x y z
true false yes no ja nein oui non si sí da nyet tak nie evet hayir wahr falsch vrai faux on off
male female man woman mann frau herr mr mrs ms m w d divers other unknown none all any new old
mannlich weiblich homme femme hombre mujer maschio femmina мужской
женский муж жен да нет 男 女 是 否
open closed paid unpaid pending active inactive cancelled canceled shipped delivered returned draft
done failed success successful error warning info ok approved rejected accepted declined sent
received processing processed completed complete incomplete in progress on hold overdue late early
partial partially refunded refund confirmed unconfirmed expired valid invalid enabled disabled
created updated deleted archived published review reviewed scheduled planned running stopped
started finished waiting blocked released locked unlocked available unavailable back order stock
out of stock low normal high medium urgent critical minor major standard premium basic pro plus
gold silver bronze platinum trial free enterprise small large extra xs s l xl xxl xxxl s/m
bezahlt unbezahlt offen geschlossen storniert versendet geliefert erledigt bearbeitung ausstehend
aktiv inaktiv neu alt gesperrt freigegeben angenommen abgelehnt bestatigt uberfallig teilweise
retour retoure mahnung gemahnt niedrig mittel hoch dringend sonstige sonstiges unbekannt keine
en cours paye payee livre annule actif inactif nouveau ouvert ferme attente termine
pagado pendiente enviado entregado cancelado activo inactivo nuevo abierto cerrado terminado
pagato aperto chiuso spedito consegnato annullato attivo nuovo
oplacone nieoplacone otwarte zamkniete wyslane dostarczone anulowane aktywny nieaktywny nowy
открыт закрыт оплачен отправлен доставлен отменен
новый активен odendi bekliyor gonderildi iptal yeni
已付款 未付款 已发货 已完成 待处理 已取消 完了 未払い 発送済み 완료 대기 취소
cash card credit debit invoice transfer bank cheque check paypal klarna direct sepa wire visa
mastercard amex maestro giro rechnung vorkasse nachnahme lastschrift uberweisung ueberweisung
kreditkarte ec-karte karte bar barzahlung transferencia tarjeta efectivo virement carte especes
bonifico contanti przelew gotowka karta online offline web store shop app mobile phone email mail
post fax social partner wholesale retail b2b b2c direct channel call center
red green blue yellow black white grey gray brown orange purple pink beige navy turquoise violet
rot grun blau gelb schwarz weiss grau braun rosa lila rouge vert bleu jaune noir blanc gris rojo
verde azul amarillo negro blanco rosso giallo nero bianco dark light
north south east west central nord sud ost northeast northwest southeast southwest emea apac latam
europe asia africa america oceania dach benelux global international domestic national local
kg g mg t lb lbs oz l ml cl hl gal cm mm m km m2 m³ m² m3 ft in yd h hr hrs min sec ms kwh wh mwh
kw w v a hz pcs pc st stk stuck stück ea each box pack pkg palette pallet karton dozen set pair roll
piece pieces unit units hour hours day days week weeks month months year years kb mb gb tb
% ‰ °c °f pct percent
sales marketing finance hr it legal operations support service logistics production purchasing
research development quality administration management accounting engineering vertrieb einkauf
buchhaltung verwaltung produktion logistik lager personal technik
customer client supplier vendor employee partner prospect lead kunde lieferant mitarbeiter
private business company public firma privat gewerblich
goods services product subscription licence license rent fee tax discount shipping freight
electronics clothing food furniture books toys sports beauty home garden office hardware software
tools accessories kitchen bath outdoor indoor baby kids women men shoes jewelry jewellery health
debitor kreditor soll haben gutschrift credit note bestellung angebot lieferschein order quote
monday tuesday wednesday thursday friday saturday sunday q1 q2 q3 q4 h1 h2 daily weekly monthly
quarterly yearly annual once single double full half part time full-time part-time
dhl ups fedex gls dpd hermes usps express ground air sea road rail
"""
_WORD = re.compile(r"[\w%‰°²³]+")


@cache
def _of_the_world() -> frozenset[str]:
    """Names of countries, currencies, the larger languages, months and days, in 28 languages."""
    from babel import Locale

    found: set[str] = set()
    for name in _LOCALES.split():
        locale = Locale.parse(name)
        found.update(text for code, text in locale.territories.items() if code.isalpha())
        found.update(locale.currencies.values())
        found.update(
            locale.languages[code] for code in _LOCALES.split() if code in locale.languages
        )
    found.update(*map(_in_calendars, ("months", "days")))
    return frozenset(text.strip(".") for text in all_plain(t for t in found if len(t) > 1))


@cache
def _codes() -> frozenset[str]:
    """Codes of countries, languages and currencies, in capitals."""
    from babel import Locale
    from babel.numbers import list_currencies

    english = Locale.parse("en")
    two = (code for code in (*english.territories, *english.languages) if len(code) == 2)  # noqa: PLR2004
    return frozenset(code.upper() for code in (*two, *list_currencies()))


@cache
def _business() -> frozenset[str]:
    return frozenset(plain(word) for word in _BUSINESS.split())


def _in_calendars(part: str) -> Iterator[str]:
    """Names of "months" or "days", long and short, in all of the languages."""
    from babel import Locale

    for name in _LOCALES.split():
        for widths in getattr(Locale.parse(name), part).values():
            for texts in widths.values():
                yield from map(str, texts.values())


@cache
def calendar_names() -> frozenset[str]:
    """Names of months and days of the week, long and short, in 28 languages, without accents."""
    texts = {text.strip(".") for text in all_plain(_in_calendars("days"))}
    return frozenset(text for text in texts if len(text) > 1) | month_names()


@cache
def month_names() -> frozenset[str]:
    """Names of months, long and short, in 28 languages, without accents."""
    found = {text.strip(".") for text in all_plain(_in_calendars("months"))}
    found |= {"sept", "marz", "mrz", "mai", "okt", "dez"}
    return frozenset(text for text in found if text.isalpha())


def is_common(text: str) -> bool:
    """Whether a text is made of words of business, or is the name of a country or the like."""
    # "Li" and "Ed" are names; "LI" and "ed" are codes
    if text in _codes() or (text.islower() and text.upper() in _codes() and len(text) == 2):  # noqa: PLR2004
        return True
    known = plain(text)
    if known in _of_the_world() or known in _business():
        return True
    parts = _WORD.findall(known)
    return bool(parts) and all(len(part) > 1 and part in _business() for part in parts)


def is_unit(text: str, *, before: bool = False) -> bool:
    """Whether a text beside a number is a unit or a currency.

    Args:
        text: What stands beside it.
        before: Whether it stands before the number, as only currencies do.
    """
    known = plain(text).strip(". ")
    return known.upper() in _currencies() or (not before and known in _UNITS)


_UNITS = frozenset(
    "g m l t h d s w a v kg mg lb lbs oz ml cl hl gal cm mm km m2 m³ m² m3 ft in yd hr hrs "
    "min sec ms kwh wh mwh kw hz pcs pc st stk stuck each box pack pkg pieces piece unit "
    "units hour hours day days week weeks month months year years kb mb gb tb ° % ‰ °c °f "
    "pct percent eur usd tl kr kc zl rs fr".split()
)


@cache
def _currencies() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies()) | {"KR", "TL", "FR", "RS", "RM", "R$", "ZŁ", "KČ"}
