from pathlib import Path

import pytest

from subscriptions import roster
from subscriptions.roster import UnreadableFile
from tests.subscriptions.factories import NOON

WHOLE = "email,frequency,tags,confirmed_at\na@example.org,weekly,drugs|prisons,2024-05-01\n"


def lines(path: Path, content: bytes) -> list[roster.Line]:
    path = path / "people.csv"
    path.write_bytes(content)
    return list(roster.read(roster.inspect(path), NOON))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WHOLE, "plain"),
        ("\ufeff" + WHOLE, "a byte order mark"),
        (WHOLE.replace(",", ";"), "semicolons"),
        (WHOLE.replace(",", "\t"), "tabs"),
        (WHOLE.replace("\n", "\r\n"), "CRLF"),
        (WHOLE.strip(), "no last line end"),
        (WHOLE.replace("a@example.org", '" a@example.org "'), "quoted and padded"),
        (WHOLE.replace("drugs|prisons", '"drugs,\nprisons"'), "commas and a line end in quotes"),
        (WHOLE.replace("email,frequency", "Email , FREQUENCY"), "capitals and spaces"),
    ],
)
def test_file_is_read_however_it_is_written(tmp_path: Path, content: str, reason: str):
    [line] = lines(tmp_path, content.encode())
    assert (line.email, line.frequency, line.tags) == (
        "a@example.org",
        "weekly",
        ("drugs", "prisons"),
    )
    assert str(line.confirmed_at) == "2024-05-01 00:00:00+01:00"  # The site's zone.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no header"),
        (b"a@example.org,daily\n", "no header"),
        (b"email,name\n", "none of the columns"),
        (b"email,email\n", "there twice"),
        (b"frequency,tags\n", "no column"),
        (b"PK\x03\x04......", "spreadsheet"),
        (WHOLE.encode("utf-16"), "UTF-16"),
        (b"email,tags\na@example.org,x\nb@example.org,caf\xe9\n", "Line 3 is not UTF-8"),
        (b'email\n"a@example.org\n', "not closed"),
        (b'email\n"a"b@example.org\n', "Line 2 is not CSV"),
        (b"email\n" + b"x" * 1_000_000, "Line 2 is not CSV"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_file_that_cannot_be_taken_says_what_to_do(tmp_path: Path, content: bytes, words: str):
    with pytest.raises(UnreadableFile, match=words):
        lines(tmp_path, content)


def test_numbers_of_lines_are_those_of_an_editor(tmp_path: Path):
    found = lines(tmp_path, b'email,tags\n\na@example.org,"x\ny"\nb@example.org,\n')
    assert [line.number for line in found] == [3, 5]


@pytest.mark.parametrize("text", ["=1+1", "+a@example.org", "-a@b.org", "@x", "'=x", "''=x"])
def test_formula_is_harmless_and_comes_back(text: str):
    assert roster.harmless(text).startswith("'")
    assert roster.plain(roster.harmless(text)) == text


@pytest.mark.parametrize("text", ["", "'", "''", "o'neil@example.org", "'a@example.org", "1-2"])
def test_other_cells_stay_as_they_are(text: str):
    assert roster.harmless(text) == text == roster.plain(text)
