"""What a text may hold at all: the form's business, whose sentences go back to the writer."""

import unicodedata
from collections.abc import Iterator

LONGEST_TEXT = 5_000
LONGEST_NAME = 80
MOST_MARKS = 3  # Combining characters in a row; Vietnamese needs two, Hebrew three.
_BIDI_CONTROLS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def problems(text: str, *, longest: int, is_one_line: bool = False) -> list[str]:
    """Return, as sentences for the writer, which limits a text breaks."""
    return list(_problems(text, longest, is_one_line))


def _problems(text: str, longest: int, is_one_line: bool) -> Iterator[str]:
    if len(text) > longest:
        yield f"Shorten this to {longest:,} characters; it has {len(text):,}."
    if "\ufffd" in text or any(unicodedata.category(char) == "Cs" for char in text):
        yield "Some characters arrived damaged (�). Type them again."
    if any(_is_forbidden(char, is_one_line) for char in text):
        yield "Take out the invisible control characters, or type this again by hand."
    if _longest_run_of_marks(text) > MOST_MARKS:
        yield "Take out the accents piled on top of each other."


def _is_forbidden(char: str, is_one_line: bool) -> bool:
    if char in "\n\t\u2028\u2029":  # The last two are line ends, to some programs.
        return is_one_line
    point = ord(char)
    # Noncharacters are no XML: one of them would break the feed.
    is_no_character = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    return unicodedata.category(char) == "Cc" or point in _BIDI_CONTROLS or is_no_character


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in unicodedata.normalize("NFC", text):
        run = run + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest
