"""Every number that decides whether something is worth telling, in one place."""

from __future__ import annotations

from consulting.records import Record


class Thresholds(Record):
    """When a finding becomes an issue, and how much work a profile may be. Shares are 0 to 1.

    Attributes:
        type_share: The share of values that must fit a type for the column to be of it.
        missing_info: The share of missing values that is worth telling.
        missing_rare: The share up to which missing values are an exception, and a warning.
        missing_some: The same where each other row has a value of its own, or hardly another column
            has blanks.
        constant_rows: From how many rows one single value is worth telling.
        key_share: The share of distinct values from which a repeated value breaks a key.
        rare_share: The share below which a form or shape is the exception.
        odd_share: The largest share of a column's values that can be written unlike the others.
        usual_share: The share of a column's values whose forms are usual, the most frequent first;
            all others are odd. At 1 no form is odd for that reason.
        other_share: The largest share of a column's numbers that another system can have written.
        digit_share: The same of numbers with more digits after the decimal mark, where the others
            are not all written to the same digit.
        lone_rows: The most rows of a value that stands alone in a list.
        lone_ratio: How many times more rows each other value of the list has, at least.
        lone_share: The largest share of the rows that lone values can have.
        typo_ratio: How many times more frequent the right spelling is than the wrong one.
        typo_letters: The letters of a value for which a misspelling may differ by one edit.
        outlier_reach: Standard deviations beyond the median, by robust measures of the spread on
            either side, on the scale the numbers are symmetric on.
        outlier_gap: Standard deviations without any number before the first outlier.
        outlier_share: The largest share of a column that can be called outliers.
        unit_share: The largest share of a column's numbers that can be of another unit.
        unit_reach: As `outlier_reach`, there, by the quartiles alone.
        unit_gap: As `outlier_gap`, there.
        unit_ratio: How many times greater or less they are, at least.
        habit_share: The share from which a word for "unknown" is how the column says so.
        apart_share: How far beyond the others a placeholder lies, as a share of their span.
        spike_ratio: How many times oftener than any other value a placeholder stands.
        sign_share: The largest share of numbers below zero that can be slips.
        truncation_share: The share of values at the one greatest length that looks cut off.
        dependency_error: The largest share of rows that may contradict a dependency.
        dependency_majority: The share of a group its majority must have to judge the rest.
        dependency_gain: How many times fewer rows contradict it than differ from the most frequent
            value of the column.
        misplaced_purity: The share of the contradicted groups' rows that agree, from which a value
            used elsewhere is a warning.
        case_rows: The rows of a value for which another column is nearly always the same.
        case_purity: The share of them that is.
        case_gain: How many times more would differ if they were as the other rows.
        vote_error: The largest share of rows that may disagree where several sources tell.
        vote_gain: As `dependency_gain`, there.
        vote_majority: The share of a thing's rows that must agree to outvote the rest.
        order_error: The largest share of rows that may stand out of the order of the others.
        law_error: The largest share of rows that may break an order of days.
        sum_error: The same of a sum or product, which no chance makes.
        dependency_rows: Rows that screen pairs of columns before all rows are counted.
        dependency_columns: The most columns tried against each other.
        foreign_key_share: The share of values that must be found in the other feed's key.
        unparsed_error: The share of unparsed rows that is an error.
        volume_block: The share of the last rows below which a delivery is stopped.
        volume_warn: The share of the last rows that is a collapse.
        volume_surge: How many times the last rows are a surge.
        shift_info: The population stability index (PSI) worth telling (Siddiqi 2006: 0.1).
        shift_warn: The PSI that is a shift (Siddiqi 2006: 0.25).
        null_jump: The rise of the share of missing values that is a warning.
        null_block: The rise that stops a delivery, in a column the models read.
        rename_score: The similarity of two columns' names and values that makes a rename.
        few_distinct: Columns with fewer distinct values are profiled value by value, exactly.
        top_values: How many of the most frequent values are kept.
        histogram_bins: Bins of a histogram.
        examples: Examples an issue carries.
        listed_values: Values a `rows_where` condition may list.
        listed_rows: Rows of a contradiction that are looked at one by one.
        sample_values: Values looked at to choose the type of a column with many distinct values.
        columns_per_statement: Columns one statement reads (wide tables are read in chunks).
        cells_per_quantile_statement: Values one statement holds in memory for exact quantiles.
        memory_limit: DuckDB's memory, if not the project's; more goes to disk in the run folder.
    """

    type_share: float = 0.8
    missing_info: float = 0.0
    missing_rare: float = 0.02
    missing_some: float = 0.25
    constant_rows: int = 10
    key_share: float = 0.98
    rare_share: float = 0.05
    odd_share: float = 0.05
    usual_share: float = 1.0
    other_share: float = 0.3
    digit_share: float = 0.15
    lone_rows: int = 2
    lone_ratio: float = 10.0
    lone_share: float = 0.05
    typo_ratio: float = 5.0
    typo_letters: int = 6
    outlier_reach: float = 4.0
    outlier_gap: float = 1.0
    outlier_share: float = 0.1
    unit_share: float = 0.25
    unit_reach: float = 3.0
    unit_gap: float = 2.0
    unit_ratio: float = 2.5
    habit_share: float = 0.3
    apart_share: float = 0.1
    spike_ratio: float = 3.0
    sign_share: float = 0.1
    truncation_share: float = 0.05
    dependency_error: float = 0.05
    dependency_majority: float = 0.7
    dependency_gain: float = 3.0
    misplaced_purity: float = 0.95
    case_rows: int = 30
    case_purity: float = 0.995
    case_gain: float = 10.0
    vote_error: float = 0.4
    vote_gain: float = 2.0
    vote_majority: float = 0.5
    order_error: float = 0.3
    law_error: float = 0.1
    sum_error: float = 0.25
    dependency_rows: int = 20_000
    dependency_columns: int = 40
    foreign_key_share: float = 0.9
    unparsed_error: float = 0.01
    volume_block: float = 0.1
    volume_warn: float = 0.5
    volume_surge: float = 3.0
    shift_info: float = 0.1
    shift_warn: float = 0.25
    null_jump: float = 0.1
    null_block: float = 0.5
    rename_score: float = 0.7
    few_distinct: int = 10_000
    top_values: int = 10
    histogram_bins: int = 20
    examples: int = 5
    listed_values: int = 500
    listed_rows: int = 2_000
    sample_values: int = 2_000
    columns_per_statement: int = 25
    cells_per_quantile_statement: int = 20_000_000
    memory_limit: str | None = None


SUSPICIOUS = Thresholds(
    missing_rare=1.0,
    odd_share=0.1,
    usual_share=0.7,
    digit_share=0.3,
    lone_share=0.05,
    outlier_reach=3.0,
    outlier_gap=0.0,
    outlier_share=0.3,
    habit_share=0.4,
    sign_share=0.2,
    dependency_error=0.2,
    misplaced_purity=0.0,
    case_purity=0.9,
    law_error=0.2,
)
"""What is asked before it is told: so loose that much of what it finds is right."""
