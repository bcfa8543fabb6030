"""Numbers of rows, as addresses and forms name them."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[0-9]{1,18}")  # Fits a bigint, whatever the digits.


def row_number(text: object) -> int | None:
    """Return the number a text is, or None: a row's, in ASCII digits, never beyond a bigint.

    `str.isdigit` and `int` take much else: other scripts' digits, blanks, any length.
    """
    return int(str(text)) if _NUMBER.fullmatch(str(text)) else None


def row_numbers(texts: Iterable[object]) -> set[int]:
    """Return the numbers among these; what is none names no row and is left out."""
    return {number for text in texts if (number := row_number(text)) is not None}
