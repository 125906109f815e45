"""A file of patients as hospitals send it: understood with what was assumed, or refused with the line."""

from __future__ import annotations

import pytest

from followup.enrollment.imports.bad_rows import bad_rows_file
from followup.enrollment.imports.columns import map_columns, parse_mapping
from followup.enrollment.imports.decode import decode
from followup.enrollment.imports.patient_file import open_patient_file
from followup.enrollment.imports.reading import MOST_ROWS, read
from followup.enrollment.imports.values import Reading
from followup.errors import InvalidInput
from followup.kit.dates import DateOrder

REST = Reading(
    given={"pathway": "stem-cell-back", "patient.language": "en", "procedure.harvest": "fat",
           "consent.obtained_by": "Alma Reyes"}
)  # fmt: skip
SMALL = "name,phone,procedure date\nInés Núñez,4155550101,2026-06-01\n"


def refusal(text: str | bytes) -> str:
    """What is said of a file that is refused."""
    with pytest.raises(InvalidInput) as refused:
        read(decode(text if isinstance(text, bytes) else text.encode()).text)
    return refused.value.message


def rows(text: str, reading: Reading = REST, *mapping: str) -> list[dict[str, str]]:
    """The requests a file makes."""
    found = open_patient_file(text.encode(), parse_mapping(mapping), reading)
    return [dict(request.fields) for _, request in found.requests(reading)]


def test_b54_a_byte_order_mark_is_not_part_of_the_first_header() -> None:
    assert decode(b"\xef\xbb\xbf" + SMALL.encode()).text == SMALL


@pytest.mark.parametrize(
    ("codec", "name"), [("latin-1", "Latin-1"), ("cp1252", "Latin-1")], ids=["latin-1", "cp1252"]
)
def test_b55_single_bytes_are_read_and_a_word_is_shown_to_check_them_by(codec: str, name: str) -> None:
    found = decode(SMALL.encode(codec))
    assert found.text == SMALL
    assert found.assumed == f"Read as {name}, because it is not UTF-8. Check that this is right: Inés, Núñez."


def test_b55_windows_quotes_are_told_from_latin_1() -> None:
    found = decode("name\nO’Brien — Núñez\n".encode("cp1252"))
    assert (found.encoding, found.text) == ("Windows-1252", "name\nO’Brien — Núñez\n")


def test_b55_a_byte_that_is_no_character_refuses_the_file_with_its_line() -> None:
    assert "Line 2 is in an encoding that is not known here" in refusal(b"name\nIn\x81s\n")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_b56_utf_16_is_read_with_and_without_a_mark(codec: str) -> None:
    assert decode(SMALL.encode(codec)).text == SMALL


def test_b56_a_cut_utf_16_file_is_refused() -> None:
    assert "it says it is UTF-16" in refusal(SMALL.encode("utf-16")[:-1]).replace("The file says", "it says")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_b57_the_delimiter_is_found(delimiter: str) -> None:
    assert read(SMALL.replace(",", delimiter)).delimiter == delimiter


def test_b57_semicolons_win_where_the_text_has_commas_and_a_spreadsheet_may_say_so() -> None:
    assert read('"Name";"Phone, mobile";"Procedure date"\na;b;c\n').delimiter == ";"
    hinted = read("sep=|\r\nname|phone\r\na|b\r\n")
    assert (hinted.delimiter, hinted.records[0].line) == ("|", 3)


def test_b58_a_quoted_line_break_stays_in_its_field_and_the_lines_count_on() -> None:
    sheet = read('name,notes\nInes,"two\nlines"\nTom,one\n')
    assert [(each.line, each.cells) for each in sheet.records] == [
        (2, ("Ines", "two\nlines")), (4, ("Tom", "one")),
    ]  # fmt: skip


def test_b59_an_unclosed_quote_refuses_the_file_with_the_line_it_opens_on() -> None:
    assert "begins on line 3 a quote is opened and never closed" in refusal(
        'name,a\nInes,1\n"Tom,2\nRosa,3\n'
    )
    assert "begins on line 3 a quote stands" in refusal('name,a\nInes,1\n"Tom,2\nRosa,"3"\n')


def test_b60_a_nul_byte_refuses_the_file_with_its_line() -> None:
    assert "Line 3 has a NUL byte" in refusal("name,phone\nInes,1\nTo\0m,2\n")


def test_b61_a_field_past_the_limit_refuses_the_file_with_its_line() -> None:
    assert "begins on line 2 a field is longer than 131,072" in refusal(
        "name,a\nInes," + "x" * 131_073 + "\n"
    )


def test_b62_columns_are_known_by_their_names_in_english_and_spanish() -> None:
    header = "Nombre;Apellidos;Teléfono móvil;Fecha del procedimiento;Idioma"
    spanish = f"{header}\nInés;Núñez;4155550101;2026-06-01;Español\n"
    assert rows(spanish) == [
        {
            **REST.given,
            "patient.name": "Inés Núñez",
            "patient.phone": "4155550101",
            "procedure.performed_on": "2026-06-01",
            "patient.language": "es",
            "channel": "sms",
        }
    ]
    assert rows("PatientName,CellPhone,DateOfProcedure\nTom,1,2026-06-01\n")[0]["patient.name"] == "Tom"


def test_b62_missing_columns_are_all_named_and_may_be_set_for_every_row() -> None:
    with pytest.raises(InvalidInput) as refused:
        map_columns(["name"], {})
    assert [each.field for each in refused.value.problems] == [
        "procedure.performed_on", "procedure.harvest", "pathway", "patient.language", "consent.obtained_by", "file",
    ]  # fmt: skip


def test_b62_two_columns_for_one_field_are_a_question() -> None:
    header = ["name", "phone", "mobile", "date"]
    with pytest.raises(InvalidInput, match="'phone', 'mobile' all mean"):
        map_columns(header, {}, given=frozenset(REST.given))
    mapped = map_columns(header, parse_mapping(["phone=-"]), given=frozenset(REST.given))
    assert mapped.fields == ("patient.name", None, "patient.phone", "procedure.performed_on")


def test_b62_a_renamed_column_is_mapped_by_a_person_and_a_strange_one_is_named() -> None:
    text = "who,phone,date,shoe size\nInes,1,2026-06-01,38\n"
    assert rows(text, REST, "who=patient.name")[0]["patient.name"] == "Ines"
    found = open_patient_file(text.encode(), parse_mapping(["who=patient.name"]), REST)
    assert "Left out: shoe size." in found.notes
    with pytest.raises(InvalidInput, match="no column 'whom'"):
        open_patient_file(text.encode(), parse_mapping(["whom=patient.name"]), REST)


def test_b63_a_ragged_row_has_its_reason_and_the_others_are_kept() -> None:
    sheet = read("name,phone\nInes\nTom,1\nRosa,2,3\nAnna,4,,\n\n")
    assert [each.problem for each in sheet.records] == [
        "This row has 1 field; the header has 2.", "", "This row has 3 fields; the header has 2.", "",
    ]  # fmt: skip


def test_b66_a_hundred_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = "name,phone\n" + "Ines,1\n" * MOST_ROWS
    assert len(read(rows).records) == 100_000
    assert "more than 100,000 rows" in refusal(rows + "Tom,1\n")


def test_b66_a_million_rows_are_refused_before_they_are_all_in_memory() -> None:
    assert "more than 100,000 rows" in refusal("name,phone\n" + "a,1\n" * 1_000_000)


@pytest.mark.parametrize("content", ["", "\ufeff", " \r\n\r\n", "\ufeff\n"])
def test_b67_an_empty_file_is_said_to_be_empty(content: str) -> None:
    assert "The file is empty" in refusal(content)


def test_b67_a_header_alone_is_said_to_be_one() -> None:
    assert "only a header, on line 2" in refusal("\nname,phone\n\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel workbook or a zip archive"),
        (b"PK\x05\x06" + b"\0" * 18, "an Excel workbook or a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "a compressed archive"),
        (b"%PDF-1.7", "a PDF"),
    ],
    ids=["xlsx or xlsm", "empty zip", "xls", "gzip", "pdf"],
)
def test_b68_a_workbook_or_an_archive_is_refused_by_what_it_is(content: bytes, words: str) -> None:
    assert words in refusal(content)


def test_b69_a_formula_is_text_and_a_spreadsheets_quoted_text_its_value() -> None:
    found = rows('name,phone,date\n=1+1,"=""4155550101""",2026-06-01\n')[0]
    assert (found["patient.name"], found["patient.phone"]) == ("=1+1", "4155550101")


def test_b69_the_file_of_bad_rows_runs_nothing_and_reads_back_as_it_was() -> None:
    text = "name,phone,date\n=HYPERLINK(1),+14155550101,x\n"
    sheet = read(text)
    written = bad_rows_file(sheet, [(sheet.records[0], ["procedure.performed_on: Give a date."])])
    assert "\n'=HYPERLINK(1),'+14155550101,x,2,procedure.performed_on: Give a date.\r\n" in written
    assert rows(written) == rows(text)
    again = bad_rows_file(read(decode(written.encode()).text), [(read(written[1:]).records[0], ["later"])])
    assert again.splitlines()[0] == "\ufeffname,phone,date,line,what is wrong"


def test_a_date_with_two_readings_stays_a_question_until_a_person_chose_for_the_file() -> None:
    text = "name,phone,date\nInes,1,3/4/2026\nTom,1,25/3/2026\n"
    found = open_patient_file(text.encode(), {}, REST)
    assert any("day first. If all are, say so: day_first" in note for note in found.notes)
    assert rows(text)[0]["procedure.performed_on"] == "3/4/2026"
    chosen = Reading(DateOrder.DAY_FIRST, given=REST.given)
    assert rows(text, chosen)[0]["procedure.performed_on"] == "2026-04-03"


def test_a_spreadsheets_day_number_is_a_date_only_if_a_person_said_so() -> None:
    text = "name,phone,date\nInes,1,46174\nTom,1,2026-06-01 00:00:00\n"
    assert [each["procedure.performed_on"] for each in rows(text)] == ["46174", "2026-06-01"]
    said = Reading(spreadsheet_dates=True, given=REST.given)
    assert rows(text, said)[0]["procedure.performed_on"] == "2026-06-01"


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("consent", "Sí", "yes"), ("consent", "X", "yes"), ("consent", "No", "no"), ("language", "Español", "es"),
        ("language", "EN", "en"), ("harvest", "Bone Marrow", "bone_marrow"), ("harvest", "liposuction", "fat"),
        ("harvest", "bone_marrow", "bone_marrow"), ("harvest", "Médula ósea", "bone_marrow"),
        ("channel", "E-Mail", "email"),
    ],
)  # fmt: skip
def test_spellings_are_translated_to_the_words_of_a_request(column: str, cell: str, meant: str) -> None:
    assert meant in rows(f"name,phone,date,{column}\nInes,1,2026-06-01,{cell}\n")[0].values()
