"""Which personal data a column's name announces, read word by word.

Words and not substrings: `phone_number` and `PhoneNo` announce a phone, `telephone_plan_type` and
`filename` announce nothing.
"""

# ruff: noqa: SIM905, RUF001 - a list of words is read as text, and is in many scripts

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

PERSON_WORDS = frozenset(
    (
        "customer client patient employee person user owner doctor member guest student teacher "
        "agent manager contact applicant holder cardholder insured tenant subscriber buyer seller "
        "recipient sender parent child spouse guardian driver passenger donor candidate author "
        "kunde kunden mitarbeiter patienten ansprechpartner kontakt cliente paciente empleado "
        "persona salarie klant medewerker"
    ).split()
)

_PHRASES: dict[str, str] = {
    "email": "email|e mail|mail|emails|mailaddress|emailaddress|correo|correo electronico|courriel"
    "|emailadresse|email adresse|mail adresse|posta elettronica|epost|e post|почта|邮箱|メール"
    "|имейл|электронная почта|почта адрес|e posta|eposta|بريد|البريد الالكتروني"
    "|البريد الإلكتروني|אימייל|דואר אלקטרוני|이메일|电子邮件|电子邮箱|電子郵件"
    "|thu dien tu|อีเมล|ईमेल"
    "|sahkoposti|posta elettronica|poczta|emailova adresa",
    "phone": "phone|phones|phonenumber|phoneno|telephone|tel|mobile|mobil|mobilephone|cell"
    "|cellphone|fax|faxnumber|telefon|telefonnummer|telefono|telefone|telefoon|celular|movil"
    "|handy|handynummer|portable|msisdn|whatsapp|mobilnummer|rufnummer|gsm|телефон|电话|電話番号"
    "|тел|мобильный|телефона|cep|cep telefonu|هاتف|الهاتف|جوال|الجوال|موبايل|טלפון|נייד"
    "|휴대폰|전화번호|전화|연락처|手机|手机号|手机号码|手機|联系电话|携帯|携帯電話"
    "|điện thoại|số điện thoại|sdt|โทรศัพท์"
    "|เบอร์โทร|मोबाइल|फोन|puhelin|puhelinnumero|telefonszám|numer telefonu|komórka"
    "|nomor telepon|no hp|tlf|tlfnr|τηλέφωνο|teléfono móvil|téléphone|tel nr|telnr"
    "|telefonnr|handynr|durchwahl|extension",
    "date_of_birth": "dob|birthdate|birthday|dateofbirth|date of birth|birth date|birth day"
    "|birth year|year of birth|yob|born|geburtsdatum|geburtstag|geburts datum|geb datum|gebdatum"
    "|fecha nacimiento|fecha de nacimiento|date naissance|date de naissance|data nascita"
    "|data di nascita|data nascimento|data de nascimento|geboortedatum|fodelsedatum"
    "|data urodzenia|nacimiento|naissance|生年月日"
    "|дата рождения|день рождения|дата народження|рождения|doğum tarihi|doğum|ngày sinh"
    "|năm sinh|تاريخ الميلاد|تاريخ الولادة|الميلاد|תאריך לידה|생년월일|생일|出生日期"
    "|出生年月|出生年月日"
    "|生日|誕生日|วันเกิด|जन्म तिथि|जन्मतिथि|syntymäaika|syntynyt|születési dátum"
    "|születési idő|született|datum narození|narozen|dátum narodenia|datum rođenja"
    "|data nașterii|nașterii|urodzenia|ημερομηνία γέννησης|γέννηση|tanggal lahir"
    "|tgl lahir|lahir|fødselsdato|født|född|dzimšanas datums|gimimo data|sünniaeg"
    "|rojstni datum|geb|geboren|geboren am|geburtsjahr|jahrgang|nato il|nascita|né le"
    "|née le|nacido|bday|datum rođenja|geboorte|рођења",
    "national_id": "ssn|social security|social security number|socialsecuritynumber|sin number"
    "|nin|nino|national id|nationalid|national insurance|national identifier|id card|idcard"
    "|passport|passportno|passportnumber|passnummer|reisepass|ausweis|ausweisnummer"
    "|personalausweis|driver license|drivers license|driver licence|driving licence"
    "|driving license|drivers licence|fuhrerschein|tax id|taxid|tax number|tin|steuer id"
    "|steuerid|steuernummer|sozialversicherungsnummer|sv nummer|dni|nif|nie|curp|rfc"
    "|codice fiscale|codicefiscale|numero securite sociale|nir|bsn|burgerservicenummer|pesel|cpf"
    "|personnummer|aadhaar|aadhar|pan number|cnp|amka|medicare number|nhs number|nhsnumber|mrn"
    "|medical record number|identity number|cedula"
    "|паспорт|снилс|инн|кимлик|tc kimlik|tc kimlik no|kimlik no|cccd|cmnd|số cmnd"
    "|رقم الهوية|الهوية|תעודת זהות|주민등록번호|주민번호|身份证|身份证号|身分證"
    "|マイナンバー|旅券|여권번호|护照|护照号"
    "|aadhaar number|rodné číslo|oib|jmbg|egn|cnp|henkilötunnus|hetu|személyi szám"
    "|personnr|fødselsnummer|cpr|kennitala|rijksregisternummer|ahv|ahv nummer|avs"
    "|avs nummer|nir|insee|sécurité sociale|steueridentifikationsnummer|idnr|rvnr|kvnr"
    "|versichertennummer|krankenversicherungsnummer|nino|ni number|rut|curp|nik|ktp"
    "|id number|identity no|identity document|document de identidad"
    "|documento de identidad|personal number|perso nr|persnr",
    "iban": "iban|ibans",
    "bank_account": "bank account|bankaccount|account number|accountnumber|account no|acct no"
    "|acct number|kontonummer|konto nr|kontonr|routing number|sort code|cuenta bancaria|rib"
    "|bankverbindung|numero de cuenta|numero cuenta"
    "|счет получателя|banka hesabı|hesap no|حساب|银行账号|银行卡|口座番号|계좌번호"
    "|rachunek|číslo účtu"
    "|bankszámlaszám|bankszamla|compte bancaire|conto corrente|bankrekening|kontonr|bic",
    "card": "card number|cardnumber|card no|cardno|credit card|creditcard|debit card|cc number"
    "|ccnumber|cc num|creditcardnumber|kreditkarte|kreditkartennummer|tarjeta|carte bancaire"
    "|cvv|cvc|pan|card pan",
    "name": "fullname|full name|firstname|first name|lastname|last name|surname|sur name|forename"
    "|fore name|middlename|middle name|givenname|given name|familyname|family name|maidenname"
    "|maiden name|fname|lname|vorname|nachname|familienname|zuname|geburtsname|nombre"
    "|apellido|apellidos|prenom|nom de famille|nom famille|cognome|sobrenome|voornaam"
    "|achternaam|fornamn|efternamn|imie|nazwisko|nickname|contact person|ansprechpartner"
    "|spouse|signatory|имя|фамилия|фио|姓名|氏名"
    "|отчество|ім'я|прізвище|ad soyad|adı|soyadı|soyad|isim|họ tên|họ và tên|الاسم|اسم"
    "|اسم العائلة|اللقب|שם|שם משפחה|שם פרטי|이름|성명|성함|名字|名前|お名前|姓|名"
    "|客户姓名|ชื่อ|นามสกุล"
    "|नाम|etunimi|sukunimi|név|vezetéknév|keresztnév|jméno|příjmení|meno|priezvisko|ime"
    "|prezime|priimek|nume|prenume|όνομα|επώνυμο|ονοματεπώνυμο|nama|nama lengkap"
    "|fornavn|etternavn|efternavn|imię|imię i nazwisko|vārds|uzvārds|vardas|pavardė"
    "|perekonnanimi|nombre completo|nome completo|nome|nom complet|nome e cognome"
    "|initials|kürzel|unterschrift|signature|sachbearbeiter|bearbeiter|salesperson"
    "|account manager|next of kin|emergency contact|hausarzt",
    "address": "address|addresses|addr|street|streetaddress|strasse|str nr|anschrift|adresse"
    "|direccion|calle|rue|indirizzo|via|endereco|adres|straat|hausnummer|house number|housenumber"
    "|addressline|domicilio|wohnort|адрес|地址|住所"
    "|улица|дом|адреса|adresa|adresi|cadde|sokak|địa chỉ|عنوان|العنوان|שارع|כתובת|주소|地址"
    "|住址|ที่อยู่|पता|osoite|cím|utca|ulice|ulica|adresse postale|διεύθυνση|alamat"
    "|gateadresse|latitude|longitude|lat|lon|lng|gps|geo",
    "postal_code": "zip|zipcode|zip code|postcode|post code|postalcode|postal code|plz"
    "|postleitzahl|codigo postal|code postal|cap|eircode"
    "|индекс|posta kodu|mã bưu điện|الرمز البريدي|מיקוד|우편번호|邮编|郵便番号|postinumero"
    "|irányítószám|psč|kod pocztowy|cod poștal|kode pos|postnummer|postnr",
    "ip_address": "ip|ipaddress|ip address|ipv|ip addr|ipaddr|remote addr|client ip",
    "username": "username|user name|login|loginname|screen name|screenname|benutzername|handle"
    "|userid name|twitter|skype"
    "|kullanıcı adı|логин|пользователь|用户名|ユーザー名|아이디|اسم المستخدم|utilisateur|usuario"
    "|gebruikersnaam|użytkownik|käyttäjätunnus|tên đăng nhập|instagram|telegram|wechat"
    "|linkedin|facebook|user",
    "credential": "password|passwd|pwd|passwort|kennwort|contrasena|mot de passe|secret|api key"
    "|apikey|access token|auth token|pincode|pin code|security answer",
    "special_category": "religion|ethnicity|ethnic|sexual orientation|political party"
    "|political opinion|trade union|union membership|diagnosis|diagnose|disability|konfession"
    "|health condition|blood type|blutgruppe"
    "|диагноз|болезнь|teşhis|tanı|chẩn đoán|التشخيص|诊断|診断|진단|диагноза|diagnostico"
    "|diagnóstico|diagnostic|diagnosi|diagnoza|rozpoznanie|diagnoosi|befund|krankheit"
    "|disease|illness|icd|icd code|medication|medikament|medikamente|allergies|allergie"
    "|symptom|symptoms|therapie|treatment|behinderung|handicap|race|gewerkschaft"
    "|enfermedad|maladie|malattia|schwanger|hiv",
    "vehicle_plate": "license plate|licence plate|licenseplate|number plate|numberplate"
    "|kfz kennzeichen|kennzeichen|plate number|vin"
    "|plate|plates|plaka|kennz|matrícula|immatriculation|targa|nummerplade"
    "|registration number|reg no|nr rejestracyjny|госномер|车牌|车牌号|車牌|biển số"
    "|rekisterinumero|kenteken|spz|rendszám|bienso|vin number",
}
# The first kind to match wins, so the narrower ones stand before the wider.
_ORDER = (
    "email ip_address iban card date_of_birth national_id credential phone special_category "
    "bank_account vehicle_plate username postal_code name address"
).split()
# Too short or too common to mean it anywhere but as the whole name.
_ONLY_ALONE = frozenset(
    (word,)
    for word in "cap handle nie pan portable rib tin via user geo ime nume meno nama nome plate "
    "plates treatment race signature geb extension avs rut nik hp bic".split()
)
_NOT_AN_ADDRESS = frozenset({"web", "url", "site", "website", "mac", "network", "memory", "book"})


def words(column: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters and without accents.

    Args:
        column: A header in any style: `PhoneNo`, `phone_number`, `Téléphone (fixe)`.
    """
    return tuple(word.casefold() for word in words_as_written(column))


def words_as_written(column: str) -> list[str]:
    """The same, in the letters of the name."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", column) if not unicodedata.combining(c)
    )
    return _WORD.findall(plain.replace("ß", "ss"))


@cache
def _phrases() -> dict[str, frozenset[tuple[str, ...]]]:
    # read as headers are, or a letter that is taken apart there would stay whole here
    phrases = {
        kind: {words(phrase) for phrase in text.split("|")} for kind, text in _PHRASES.items()
    }
    phrases["name"] |= {(person, word) for person in PERSON_WORDS for word in ("name", "names")}
    phrases["name"] |= {("name", "of", person) for person in PERSON_WORDS}
    return {kind: frozenset(found) for kind, found in phrases.items()}


@cache
def label_words() -> frozenset[str]:
    """The words of all phrases that announce personal data, which none of them is."""
    said = {word for found in _phrases().values() for phrase in found for word in phrase}
    return frozenset(said | _ABOUT)


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
