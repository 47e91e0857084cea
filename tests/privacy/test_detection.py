from __future__ import annotations

import pytest

from consulting.privacy import detect_pii
from consulting.records import PiiFinding

KIND_BY_NAME = {
    "customer_email": "email",
    "E-Mail": "email",
    "correo electrónico": "email",
    "phone_number": "phone",
    "PhoneNo": "phone",
    "Téléphone (fixe)": "phone",
    "client_dob": "date_of_birth",
    "Geburtsdatum": "date_of_birth",
    "DateOfBirth": "date_of_birth",
    "ssn": "national_id",
    "PassportNo": "national_id",
    "IBAN": "iban",
    "full_name": "name",
    "FirstName": "name",
    "customer_name": "name",
    "Nachname": "name",
    "Straße": "address",
    "billing_address_line_2": "address",
    "zip_code": "postal_code",
    "card_number": "card",
    "IPAddress": "ip_address",
    "password": "credential",
    "姓名": "name",
}
NOT_PERSONAL = (  # noqa: SIM905 - a list of words is read as text
    "telephone_plan_type filename file_name product_name HospitalName beer-name phone_verified "
    "email_opt_in mac_address order_date state city card_type company MeasureName contact_via "
    "mailing_date capacity emailed iban_checked_at"
).split()


@pytest.mark.parametrize(("column", "kind"), KIND_BY_NAME.items())
def test_a_column_name_announces_its_kind_even_without_a_value(column: str, kind: str) -> None:
    finding = detect_pii(column, [])
    assert finding == PiiFinding(column=column, kind=kind, by="name", share=0, confidence=0.6)


@pytest.mark.parametrize("column", NOT_PERSONAL)
def test_a_column_about_something_else_is_not_personal(column: str) -> None:
    assert detect_pii(column, []) is None


BY_CONTENT = {
    "email": ["jane@acme.com", "joe.doe+x@mail.acme.co.uk", "N/A"],
    "phone": ["+1 205 325 8100", "(205) 325-8100", "+49 30 901820"],
    "card": ["4111 1111 1111 1111", "5500005555555559", "378282246310005"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "national_id": ["078-05-1120", "219-09-9999"],
    "ip_address": ["192.168.1.77", "2001:db8::1"],
    "name": ["Jane Doe", "Müller, Hans", "Anne-Marie O'Neil"],
    "address": ["1720 University Blvd", "12 Main St, Apt 4", "Hauptstraße 5"],
}


@pytest.mark.parametrize(("kind", "values"), BY_CONTENT.items())
def test_content_is_found_under_a_name_that_says_nothing(kind: str, values: list[str]) -> None:
    finding = detect_pii("field_7", values)
    assert finding is not None
    assert (finding.kind, finding.by, finding.share) == (kind, "content", 1.0)


@pytest.mark.parametrize(
    "value",
    [
        "12345678Z",  # DNI: 12345678 mod 23 = 14, the 15th letter is Z
        "X1234567L",  # NIE
        "RSSMRA85T10A562S",  # codice fiscale
        "529.982.247-25",  # CPF
        "AB123456C",  # NINO
        "811228-9874",  # Swedish personnummer
        "ABCPE1234F",  # Indian PAN
        "255081416802538",  # French NIR
        "525937200107298092",  # Chinese, of a place whose list of counties python-stdnum lacks
    ],
)
def test_national_numbers_are_found_by_form_and_check_digits(value: str) -> None:
    finding = detect_pii("ref", [value] * 3)
    assert finding is not None
    assert finding.kind == "national_id"


@pytest.mark.parametrize(
    "values",
    [
        ["4111111111111112", "1234567890123456"],  # sixteen digits, no Luhn
        ["DE88370400440532013000"],  # one digit off: no IBAN
        [
            "2024-01-02",
            "2023-12-31",
            "01-02-1984",
        ],  # dates are of birth only where the name says so
        ["2053258100", "2053258101"],  # ten digits may be anything
        ["1.0.3", "2.1.0"],
        ["10 Barrel Brewing Company", "18th Street Brewery"],
        ["12.50", "1,204.00"],
        ["02/2026", "03/2026"],  # a month, which some country would dial
        ["Mark", "Grant"],  # one word alone is not a person's name
    ],
)
def test_what_only_resembles_personal_data_is_left_alone(values: list[str]) -> None:
    assert detect_pii("field_7", values) is None


def test_name_and_content_together_are_nearly_certain() -> None:
    finding = detect_pii("client_dob", ["1984-03-17", "17.03.1984", None, ""])
    assert finding is not None
    assert (finding.kind, finding.by, finding.confidence) == ("date_of_birth", "both", 0.99)


def test_flags_under_a_personal_name_are_flags() -> None:
    assert detect_pii("email", ["Y", "N", "Y", ""]) is None


def test_a_name_stands_where_the_values_do_not_look_like_it() -> None:
    finding = detect_pii("email", ["see file", "see file"])
    assert finding is not None
    assert (finding.kind, finding.by) == ("email", "name")


def test_content_corrects_a_wrong_name() -> None:
    finding = detect_pii("address", ["jane@acme.com", "joe@acme.com"])
    assert finding is not None
    assert (finding.kind, finding.by) == ("email", "content")


def test_one_address_inside_long_notes_is_enough() -> None:
    notes = ["called twice, no answer"] * 99 + ["asked to write to jane.doe@acme.com instead"]
    finding = detect_pii("notes", notes)
    assert finding is not None
    assert (finding.kind, finding.by, finding.share) == ("free_text", "content", 0.01)
