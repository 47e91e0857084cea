"""What an issue of the profile is called in the report, and what the client should do about it.

The profile speaks to the consultant, who can change a rule; the report speaks to the client, who
can change the export, or answer a question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling import CONFIRMED

if TYPE_CHECKING:
    from consulting.profiling import DriftFinding, Issue


class Words(NamedTuple):
    """A heading, and an advice."""

    title: str
    advice: str


ADVICE: dict[str, Words] = {
    "no_rows": Words("A file without rows", "Send the file again; check the filter of the export."),
    "unparsed_rows": Words(
        "Lines that could not be read", "Correct them in the rejects file and drop it again."
    ),
    "another_table": Words(
        "Another table in the file", "Send each table in a file or sheet of its own."
    ),
    "skipped_lines": Words(
        "Skipped lines that may be data",
        "Tell us whether they are; send the file without them if not.",
    ),
    "columns_differ_between_files": Words(
        "Files with different columns", "Send the same columns in every file."
    ),
    "declared_column_missing": Words(
        "A column is missing", "Send the column again, or tell us its new name."
    ),
    "duplicate_rows": Words(
        "Rows that repeat another row", "Find out why the export writes rows more than once."
    ),
    "missing_values": Words(
        "Missing values",
        "Tell us whether a row may come without it; if not, we set such rows aside.",
    ),
    "empty_column": Words("A column without values", "Tell us whether it is still in use."),
    "null_like_values": Words(
        "Words for “no value”", "Leave the cell empty where there is no value."
    ),
    "placeholder_values": Words(
        "Values that may stand for “not known”", "Tell us whether they do; then we read them so."
    ),
    "constant_column": Words(
        "The same value in every row", "Check whether the export is filtered by this column."
    ),
    "duplicate_key": Words(
        "One number, several rows", "Tell us which of the rows counts, and correct the others."
    ),
    "type_mismatch": Words("Values of another kind", "Correct them where the data comes from."),
    "mixed_types": Words("Values of several kinds", "Tell us what the column is meant to hold."),
    "leading_zeros": Words("Numbers with leading zeros", "Nothing to do: the zeros are kept."),
    "digits_lost": Words(
        "Digits lost in a spreadsheet",
        "Export the column as text: the digits can not be recovered.",
    ),
    "ambiguous_dates": Words(
        "Dates that could be read two ways", "Send dates as YYYY-MM-DD, or tell us the order."
    ),
    "mixed_date_order": Words(
        "Day and month in two orders",
        "Export the column again from the system it comes from, all dates written YYYY-MM-DD.",
    ),
    "mixed_date_formats": Words("Dates written in several ways", "Send dates as YYYY-MM-DD."),
    "two_digit_years": Words("Years with two digits", "Send years with four digits."),
    "dates_as_numbers": Words("Dates that a program wrote as numbers", "Send dates as YYYY-MM-DD."),
    "impossible_dates": Words("Dates that do not exist", "Correct them where the data comes from."),
    "implausible_dates": Words("Dates far from today", "Check whether they are right."),
    "mixed_number_formats": Words(
        "Decimal points and decimal commas in one column",
        "Send one notation: a number read in the wrong one is wrong by a factor of 100 or 1,000.",
    ),
    "decimal_comma": Words("Decimal commas", "Nothing to do: they are read as such."),
    "ambiguous_numbers": Words(
        "Numbers that could be read two ways", "Tell us what the comma or point means there."
    ),
    "units_in_values": Words("Units written beside numbers", "Send the number alone."),
    "mixed_units": Words("A unit in several ways", "Convert to one unit, and spell it one way."),
    "mixed_currencies": Words(
        "Unclear currencies",
        "Send the currency in a column of its own; until it is clear, sums over this column mean "
        "nothing.",
    ),
    "currency_in_values": Words("Currency signs beside amounts", "Nothing to do: they are read."),
    "outliers": Words("Unusually large or small numbers", "Check whether they are right."),
    "imputed_values": Words(
        "The mean in place of values", "Tell us whether a system of yours fills gaps with it."
    ),
    "untrimmed_values": Words("Blanks around values", "Nothing to do."),
    "inner_white_space": Words("Several blanks in a row", "Nothing to do."),
    "invisible_characters": Words(
        "Invisible characters", "Have them removed where the data is typed in."
    ),
    "garbled_text": Words(
        "Garbled letters", "Check them in your own system, and send the file as UTF-8."
    ),
    "escape_residue": Words(
        "Marks left behind by an export", "Correct the export; tell us where letters were lost."
    ),
    "foreign_digits": Words(
        "Digits other than 0 to 9", "Send plain digits; the others are read as text."
    ),
    "formula_like_values": Words(
        "Values that look like formulas", "Open your own file with care; ours are harmless."
    ),
    "odd_shapes": Words("Values written unlike the others", "Check whether they are right."),
    "out_of_order": Words("Rows out of the order of the others", "Check whether they are right."),
    "other_marks": Words("Values written with other marks", "Check whether they are right."),
    "lone_values": Words(
        "Values that stand alone", "Tell us whether they belong to the list of values."
    ),
    "truncated_values": Words(
        "Texts that seem cut off", "Export the column without a limit on its length."
    ),
    "casing_variants": Words("One word in several spellings", "Tell us the spelling to keep."),
    "similar_values": Words("Possible misspellings", "Tell us which spellings are right."),
    "subtotal_rows": Words(
        "Subtotals among the rows", "Tell us whether to leave them out; send the rows without them."
    ),
    "replaced_values": Words(
        "Values that we put right", "Correct them in your own system; until then we replace them."
    ),
    "broken_dependency": Words(
        "Values that contradict nearly all like rows", "Check these rows: likely typing errors."
    ),
    "unusual_combination": Words("Unusual combinations", "Check some of these rows."),
    "disputed_values": Words(
        "Sources that disagree", "Tell us which source counts, or correct the others."
    ),
    "blank_but_known": Words(
        "Left out, and known from other rows", "Fill it in, or tell us why it is left out."
    ),
    "moved_cells": Words(
        "Rows whose cells moved by one column", "Correct the export, and send these rows again."
    ),
    "broken_law": Words(
        "Rows whose numbers or days do not fit each other", "Correct them at the source."
    ),
    "orphan_values": Words(
        "References to rows that are not there", "Send the other file complete, or tell us why."
    ),
    "masked_to_be_safe": Words(
        "Masked to be safe", "Tell us if these columns hold no personal data: we then keep them."
    ),
    "personal_data": Words(
        "Personal data", "Tell us where you do not need it: we then mask or leave it out."
    ),
}


def title_of(issue: Issue) -> str:
    """Return the issue's heading."""
    words = ADVICE.get(issue.issue_type)
    return words.title if words else issue.issue_type.replace("_", " ").capitalize()


def advice_of(issue: Issue) -> str:
    """Return what the client should do."""
    words = ADVICE.get(issue.issue_type)
    return words.advice if words else issue.recommendation


_OF_CHANGES = {
    "another_period": "Check that the export is of this period.",
    "both_names": "Tell us which of the two is right.",
    "copied_column": "Check whether one was filled from the other.",
    "currency_changed": "Tell us in which currency the amounts are now.",
    "date_order_changed": "Tell us in which order day and month are written now.",
    "date_order_unclear": "Tell us in which order day and month are written now.",
    "decimal_mark_changed": "Tell us which decimal mark you write now.",
    "decimal_mark_unclear": "Tell us which decimal mark you write now.",
    "digits_cut": "Tell us whether you need all digits after the decimal mark.",
    "distribution_shift": "Compare the column with that of your last file.",
    "merged_rows": "Check that these values still tell your rows apart.",
    "missing_column": "Tell us whether you will send it again.",
    "missing_file": "Check whether a file is missing, or is called otherwise now.",
    "new_column": "Tell us whether you need it in the delivered tables.",
    "null_jump": "Check that the column is still filled.",
    "part_of_period": "Check that the export holds the whole period.",
    "rejected_rows": "Tell us whether these rows are to be left out.",
    "renamed_column": "Confirm that it is the same column.",
    "retyped_column": "Tell us whether it is meant to be so: labels that became numbers may have "
    "lost their leading zeros.",
    "rewritten_column": "Tell us whether it is written so from now on.",
    "swapped_columns": "Check whether two headers changed places.",
    "time_cut": "Tell us whether you need the time of day.",
    "unit_changed": "Tell us what the numbers count now.",
    "unit_unread": "Tell us what the numbers count now.",
    "unread_values": "Tell us whether it is written so from now on.",
    "volume_collapse": "Check that the export is complete, and filtered as before.",
    "volume_surge": "Check that the export is filtered as before.",
}


_ASKED = frozenset({"missing_column", "new_column"})
"""Mere notes that the client is asked about."""


def words_of_change(change: DriftFinding) -> str:
    """What changed, without what it means to us; what was told before is told as that."""
    again = "Told with an earlier delivery already: " * change.told_before
    if change.lacked_in:
        without = ", whose rows are delivered without it" if change.severity == "info" else ""
        return f"{again}{change.said} is not in {change.lacked_in}{without}."
    return again + change.detail.replace("; no model reads it yet.", ".")


def advice_of_change(change: DriftFinding) -> str:
    """What the client can do about what changed since the last file; nothing about a mere note."""
    if change.recommendation == CONFIRMED:
        return CONFIRMED
    if change.accepted or (change.severity == "info" and change.kind not in _ASKED):
        return ""
    return _OF_CHANGES[change.kind]
