"""Workbooks: one sheet, its cells as text, counted a second time in the file itself."""

from __future__ import annotations

import functools
import io
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.sheetrows import read_rows
from consulting.intake.reading.sheetscan import (
    DAMAGE,
    SheetScan,
    scan_ods,
    scan_sheet,
    workbook_broken,
)
from consulting.intake.reading.sources import no_feed_reads, part_taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from python_calamine import CalamineSheet, CalamineWorkbook

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.sources import ByteSource

MAX_ROUNDS = 500_000
_SHOWN = 5


def read_workbook(
    source: ByteSource, name: str, options: ReadOptions, store: StoreFactory
) -> Outcome:
    """Read one sheet of a workbook.

    Args:
        source: The file's bytes.
        name: Its format, "encrypted" included.
        options: The sheet and the password, where they are declared.
        store: Takes the rows.

    Raises:
        UnreadableFileError: `password_protected`, `password_wrong`, `workbook_broken`,
            `sheet_missing`, `sheet_moved`, `sheet_empty`, `part_taken`, `rows_unaccounted`.
    """
    with open_workbook(source, name, options) as opened:
        # the scan of each sheet that is asked for; no sheet is opened before its scan
        @functools.cache
        def scan_of(sheet: str) -> SheetScan:
            scan = scan_sheet(opened.data, opened.name, sheet, each=bool(options.beside))
            scan.refuse_if_huge(source.filename, options.names.told(sheet), options.max_cells)
            return scan

        sheet, warnings = _chosen_sheet(source, opened, scan_of, options)
        _refuse_taken(source, opened, scan_of, sheet.name, options)
        _refuse_moved(source, opened, sheet.name, options)
        scan = scan_of(sheet.name)
        unread = tuple(_unread(source, opened, options))
    outcome = read_rows(source, sheet, scan, options, store)
    outcome.format = opened.name
    outcome.sheet = options.names.told(sheet.name)
    others = [n for n, _ in opened.worksheets() if n != sheet.name] if options.sheet else []
    also = f" Also there: {_some(options, others)}." if others else ""
    outcome.decisions[:0] = [*opened.notes, f"Read the sheet {outcome.sheet!r}.{also}"]
    outcome.warnings[:0] = warnings
    outcome.unread = unread
    return outcome


@dataclass(frozen=True)
class OpenedWorkbook:
    """A workbook, of which no sheet is opened yet.

    Attributes:
        data: Its bytes, decrypted.
        name: Its format, decrypted.
        workbook: As the library has it.
        notes: What was decided on the way.
    """

    data: bytes
    name: str
    workbook: CalamineWorkbook
    notes: tuple[str, ...] = ()

    def worksheets(self) -> list[tuple[str, bool]]:
        """The names of its sheets of cells, in order, and whether each is hidden."""
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        return [
            (item.name, item.visible != SheetVisibleEnum.Visible)
            for item in self.workbook.sheets_metadata
            if item.typ == SheetTypeEnum.WorkSheet
        ]


@contextmanager
def open_workbook(source: ByteSource, name: str, options: ReadOptions) -> Iterator[OpenedWorkbook]:
    """Open a workbook, with its password where it needs one; raises as `read_workbook`."""
    from python_calamine import CalamineWorkbook

    data = source.office_bytes(options)
    notes: tuple[str, ...] = ()
    if name == "encrypted":
        data, name = _decrypted(source, data, options)
        notes = ("The workbook was encrypted and opened with the declared password.",)
    with refusing_damage(source):
        refuse_huge_ods(source, data, name, options)
    with refusing_damage(source), CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        yield OpenedWorkbook(data, name, workbook, notes)


def _decrypted(source: ByteSource, data: bytes, options: ReadOptions) -> tuple[bytes, str]:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    if options.password is None:
        raise _password_needed(source)
    target = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        _refuse_many_rounds(source, office)
        office.load_key(password=options.password.get_secret_value())
        office.decrypt(target)
    except (InvalidKeyError, DecryptionError) as error:
        if "spinCount" in str(error):  # the library's own limit
            raise _too_many_rounds(source) from error
        raise UnreadableFileError(
            source.filename,
            "password_wrong",
            "The declared password does not open the workbook.",
            "Correct the value of the feed's `password_variable`; the client may have changed it.",
        ) from error
    except (*DAMAGE, AssertionError, FileFormatError, ParseError) as error:
        raise workbook_broken(source.filename, error) from error
    plain = target.getvalue()
    return plain, "xlsx" if plain[:2] == b"PK" else "xls"


def _refuse_many_rounds(source: ByteSource, office: Any) -> None:
    """Refuse a workbook whose password takes long to check: Excel asks for 100,000 rounds.

    (The library has no public name for them; older ways of protecting have a fixed number.)
    """
    facts = getattr(office, "info", None)
    if isinstance(facts, dict) and int(facts.get("spinValue") or 0) > MAX_ROUNDS:
        raise _too_many_rounds(source)


def _too_many_rounds(source: ByteSource) -> UnreadableFileError:
    return UnreadableFileError(
        source.filename,
        "workbook_password_slow",
        f"To check its password takes more than {MAX_ROUNDS:,} rounds, which no spreadsheet "
        "program asks for.",
        "Protect it in Excel again, or send it unprotected.",
    )


def _password_needed(source: ByteSource) -> UnreadableFileError:
    return UnreadableFileError(
        source.filename,
        "password_protected",
        "The workbook is protected by a password.",
        "Name the environment variable that holds it in the feed's `password_variable`, or send "
        "the workbook unprotected.",
    )


@contextmanager
def refusing_damage(source: ByteSource) -> Iterator[None]:
    """Refuse a workbook on which the library fails, in whatever way.

    Raises:
        UnreadableFileError: `password_protected`, `workbook_broken`.
    """
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except UnreadableFileError:
        raise
    except PasswordError as error:
        raise _password_needed(source) from error
    except (CalamineError, *DAMAGE) as error:
        raise workbook_broken(source.filename, error) from error
    except BaseException as error:
        # the library's own faults arrive as no Exception, so that nobody catches them by chance
        if type(error).__name__ == "PanicException":
            raise workbook_broken(source.filename, error) from error
        raise


def refuse_huge_ods(source: ByteSource, data: bytes, name: str, options: ReadOptions) -> None:
    """Look at all sheets of an ods before it is opened, for opening it opens them all.

    Raises:
        UnreadableFileError: `sheet_too_large`.
    """
    for sheet, scan in scan_ods(data).items() if name == "ods" else ():
        scan.refuse_if_huge(source.filename, options.names.told(sheet), options.max_cells)


def _chosen_sheet(
    source: ByteSource,
    opened: OpenedWorkbook,
    scan_of: Callable[[str], SheetScan],
    options: ReadOptions,
) -> tuple[CalamineSheet, list[str]]:
    told, workbook = options.names.told, opened.workbook
    tables = opened.worksheets()
    hidden = [name for name, is_hidden in tables if is_hidden]
    if options.sheet is not None:
        name = _declared_sheet(source, [name for name, _ in tables], options)
        warnings = [f"The sheet {told(name)!r} is hidden."] if name in hidden else []
        scan_of(name)
        return workbook.get_sheet_by_name(name), warnings
    full: list[str] = []
    sheet: CalamineSheet | None = None
    for name, is_hidden in tables:
        if is_hidden or scan_of(name).rows == set():
            continue
        if sheet is None:
            sheet = workbook.get_sheet_by_name(name)
        if sheet.height:
            full.append(name)
        else:
            sheet = None
    if sheet is None:
        where = f" (hidden: {', '.join(map(repr, map(told, hidden)))})" if hidden else ""
        raise UnreadableFileError(
            source.filename,
            "sheet_empty",
            f"No visible sheet of the workbook holds a value{where}.",
            "Send the workbook with data, or declare the feed's `sheet`.",
        )
    warnings = []
    if len(full) > 1:
        warnings.append(
            f"Only the first sheet with data, {told(full[0])!r}, was read. Also there: "
            f"{_some(options, full[1:])}. "
            "Declare the feed's `sheet` if another is meant."
        )
    if hidden:
        warnings.append(f"Hidden sheets were not read: {_some(options, hidden)}.")
    return sheet, warnings


def _refuse_taken(
    source: ByteSource,
    opened: OpenedWorkbook,
    scan_of: Callable[[str], SheetScan],
    sheet: str,
    options: ReadOptions,
) -> None:
    # a number is another sheet once one is put before it, or taken away
    names = [name for name, _ in opened.worksheets()]
    for other in source.shared.others:
        wanted = options.model_copy(update={"sheet": other})
        taken = (
            _chosen_sheet(source, opened, scan_of, wanted)[0].name
            if other is None
            else _declared_sheet(source, names, wanted)
        )
        if taken == sheet:
            raise part_taken(source.filename, f"The sheet {options.names.told(sheet)!r}")


def _refuse_moved(
    source: ByteSource, opened: OpenedWorkbook, sheet: str, options: ReadOptions
) -> None:
    """Refuse the sheet that is read by its place and is not the one which the feed read before."""
    before, told = options.sheets_before, options.names.told(sheet)
    if before is None or isinstance(options.sheet, str) or told == before.last:
        return
    names = options.names.told_all([name for name, _ in opened.worksheets()])
    reader = before.readers.get(told)
    if reader is None and before.last in names:
        place = names.index(before.last) + 1
        found = f"{before.last!r}, which it read before, is sheet {place} now."
    elif reader not in {None, before.feed}:
        found = f"{told!r} is what feed {reader!r} read before."
    else:
        return
    place_read = "the first sheet with data" if options.sheet is None else f"sheet {options.sheet}"
    raise UnreadableFileError(
        source.filename,
        "sheet_moved",
        f"Feed {before.feed!r} reads {place_read}, which is {told!r} now. {found}",
        "Have the client send the workbook with its sheets as before. If they stay so, set "
        "`sheet` of each feed of this workbook to where its sheet is now, or to its name.",
    )


def _unread(source: ByteSource, opened: OpenedWorkbook, options: ReadOptions) -> Iterator[str]:
    """The visible sheets with a value that no feed reads, where feeds share the workbook."""
    tables, read = opened.worksheets(), set[str]()
    if len(source.shared.known) < 2 or None in source.shared.known:  # noqa: PLR2004 - one shares nothing
        return
    for sheet in source.shared.known:
        with suppress(UnreadableFileError):  # it is told where it is read
            wanted = options.model_copy(update={"sheet": sheet})
            read.add(_declared_sheet(source, [name for name, _ in tables], wanted))
    rest = [
        name
        for name, is_hidden in tables
        if not is_hidden
        and name not in read
        and scan_sheet(opened.data, opened.name, name).rows != set()
    ]
    if rest:
        yield no_feed_reads("sheet", rest, options)


def _some(options: ReadOptions, names: Sequence[str]) -> str:
    """The first of some sheets, as their names may be told."""
    return ", ".join(map(repr, options.names.told_all(names[:_SHOWN]))) + ", …" * (
        len(names) > _SHOWN
    )


def _declared_sheet(source: ByteSource, names: Sequence[str], options: ReadOptions) -> str:
    wanted = options.sheet if options.sheet is not None else 1
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return names[wanted - 1]
    else:
        for name in names:
            if name.strip().casefold() == wanted.strip().casefold():
                return name
    raise UnreadableFileError(
        source.filename,
        "sheet_missing",
        f"The workbook has no sheet {wanted!r}; it has "
        f"{', '.join(map(repr, options.names.told_all(names[:10])))}.",
        "Correct the feed's `sheet`, or ask the client what changed.",
    )
