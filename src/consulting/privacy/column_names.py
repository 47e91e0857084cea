"""Which personal data a column's name announces, read word by word.

Words and not substrings: `phone_number` and `PhoneNo` announce a phone, `telephone_plan_type` and
`filename` announce nothing.
"""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")

# A name that holds one of these speaks about the thing (its type, its consent), not of it.
_ABOUT = frozenset(
    "type types plan plans count counts flag status state opt optin optout in out consent "
    "consented verified verification valid validated domain length provider template campaign "
    "format model brand carrier category preference preferences preferred subject marketing "
    "clicks clicked click rate bounced opened open sent sends is has num total sum avg average "
    "enabled allowed code quality error version update updated created changed present missing "
    "typ art anzahl estado fee cost price limit usage minutes revenue deals gift issuer kind "
    "scheme date dates time timestamp at".split()
)
# "state" and "code" are about the thing for a phone, but part of the name of others.
_ABOUT_EXCEPT = {
    "national_id": frozenset({"state", "code"}),
    "postal_code": frozenset({"code"}),
    "address": frozenset({"in"}),
    "iban": frozenset({"code"}),
}

_PERSONS = (
    "customer client patient employee person user owner doctor member guest student teacher "
    "agent manager contact applicant holder cardholder insured tenant subscriber buyer seller "
    "recipient sender parent child spouse guardian driver passenger donor candidate author "
    "kunde kunden mitarbeiter patienten ansprechpartner kontakt cliente paciente empleado persona "
    "salarie klant medewerker"
).split()

_PHRASES: dict[str, str] = {
    "email": "email|e mail|mail|emails|mailaddress|emailaddress|correo|correo electronico|courriel"
    "|emailadresse|email adresse|mail adresse|posta elettronica|epost|e post|почта|邮箱|メール",
    "phone": "phone|phones|phonenumber|phoneno|telephone|tel|mobile|mobil|mobilephone|cell"
    "|cellphone|fax|faxnumber|telefon|telefonnummer|telefono|telefone|telefoon|celular|movil"
    "|handy|handynummer|portable|msisdn|whatsapp|mobilnummer|rufnummer|gsm|телефон|电话|電話番号",
    "date_of_birth": "dob|birthdate|birthday|dateofbirth|date of birth|birth date|birth day"
    "|birth year|year of birth|yob|born|geburtsdatum|geburtstag|geburts datum|geb datum|gebdatum"
    "|fecha nacimiento|fecha de nacimiento|date naissance|date de naissance|data nascita"
    "|data di nascita|data nascimento|data de nascimento|geboortedatum|fodelsedatum"
    "|data urodzenia|nacimiento|naissance|生年月日",
    "national_id": "ssn|social security|social security number|socialsecuritynumber|sin number"
    "|nin|nino|national id|nationalid|national insurance|national identifier|id card|idcard"
    "|passport|passportno|passportnumber|passnummer|reisepass|ausweis|ausweisnummer"
    "|personalausweis|driver license|drivers license|driver licence|driving licence"
    "|driving license|drivers licence|fuhrerschein|tax id|taxid|tax number|tin|steuer id"
    "|steuerid|steuernummer|sozialversicherungsnummer|sv nummer|dni|nif|nie|curp|rfc"
    "|codice fiscale|codicefiscale|numero securite sociale|nir|bsn|burgerservicenummer|pesel|cpf"
    "|personnummer|aadhaar|aadhar|pan number|cnp|amka|medicare number|nhs number|nhsnumber|mrn"
    "|medical record number|identity number|cedula",
    "iban": "iban|ibans",
    "bank_account": "bank account|bankaccount|account number|accountnumber|account no|acct no"
    "|acct number|kontonummer|konto nr|kontonr|routing number|sort code|cuenta bancaria|rib"
    "|bankverbindung|numero de cuenta|numero cuenta",
    "card": "card number|cardnumber|card no|cardno|credit card|creditcard|debit card|cc number"
    "|ccnumber|cc num|creditcardnumber|kreditkarte|kreditkartennummer|tarjeta|carte bancaire"
    "|cvv|cvc|pan|card pan",
    "name": "fullname|full name|firstname|first name|lastname|last name|surname|sur name|forename"
    "|fore name|middlename|middle name|givenname|given name|familyname|family name|maidenname"
    "|maiden name|fname|lname|vorname|nachname|familienname|zuname|geburtsname|nombre"
    "|apellido|apellidos|prenom|nom de famille|nom famille|cognome|sobrenome|voornaam"
    "|achternaam|fornamn|efternamn|imie|nazwisko|nickname|contact person|ansprechpartner"
    "|spouse|signatory|имя|фамилия|фио|姓名|氏名",
    "address": "address|addresses|addr|street|streetaddress|strasse|str nr|anschrift|adresse"
    "|direccion|calle|rue|indirizzo|via|endereco|adres|straat|hausnummer|house number|housenumber"
    "|addressline|domicilio|wohnort|адрес|地址|住所",
    "postal_code": "zip|zipcode|zip code|postcode|post code|postalcode|postal code|plz"
    "|postleitzahl|codigo postal|code postal|cap|eircode",
    "ip_address": "ip|ipaddress|ip address|ipv|ip addr|ipaddr|remote addr|client ip",
    "username": "username|user name|login|loginname|screen name|screenname|benutzername|handle"
    "|userid name|twitter|skype",
    "credential": "password|passwd|pwd|passwort|kennwort|contrasena|mot de passe|secret|api key"
    "|apikey|access token|auth token|pincode|pin code|security answer",
    "special_category": "religion|ethnicity|ethnic|sexual orientation|political party"
    "|political opinion|trade union|union membership|diagnosis|diagnose|disability|konfession"
    "|health condition|blood type|blutgruppe",
    "vehicle_plate": "license plate|licence plate|licenseplate|number plate|numberplate"
    "|kfz kennzeichen|kennzeichen|plate number|vin",
}
# The first kind to match wins, so the narrower ones stand before the wider.
_ORDER = (
    "email ip_address iban card date_of_birth national_id credential phone special_category "
    "bank_account vehicle_plate username postal_code name address"
).split()
# Too short or too common to mean it anywhere but as the whole name.
_ONLY_ALONE = frozenset(
    {("cap",), ("handle",), ("nie",), ("pan",), ("portable",), ("rib",), ("tin",), ("via",)}
)
_NOT_AN_ADDRESS = frozenset({"web", "url", "site", "website", "mac", "network", "memory", "book"})


def words(column: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters and without accents.

    Args:
        column: A header in any style: `PhoneNo`, `phone_number`, `Téléphone (fixe)`.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", column) if not unicodedata.combining(c)
    )
    plain = plain.replace("ß", "ss")
    return tuple(w.casefold() for w in _WORD.findall(plain))


@cache
def _phrases() -> dict[str, frozenset[tuple[str, ...]]]:
    phrases = {
        kind: {tuple(phrase.split()) for phrase in text.split("|")}
        for kind, text in _PHRASES.items()
    }
    phrases["name"] |= {(person, word) for person in _PERSONS for word in ("name", "names")}
    phrases["name"] |= {("name", "of", person) for person in _PERSONS}
    return {kind: frozenset(found) for kind, found in phrases.items()}


def _runs(tokens: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(len(tokens)):
        for length in (1, 2, 3, 4):
            if start + length <= len(tokens):
                yield tokens[start : start + length]


def kind_by_name(column: str) -> str | None:
    """The kind of personal data a column's name announces, if it announces one.

    Args:
        column: The header.

    Returns:
        "email", "phone", "name", … as `PiiFinding.kind`; None where the name says nothing.
    """
    tokens = tuple(t for t in words(column) if not t.isdigit())
    runs = set(_runs(tokens))
    for kind in _ORDER:
        matched = _phrases()[kind] & runs
        if len(tokens) > 1:
            matched -= _ONLY_ALONE
        if not matched:
            continue
        spent = {word for phrase in matched for word in phrase}
        rest = set(tokens) - spent - _ABOUT_EXCEPT.get(kind, frozenset())
        if rest & _ABOUT:
            continue
        if kind == "address" and rest & _NOT_AN_ADDRESS:
            continue
        return kind
    return None
