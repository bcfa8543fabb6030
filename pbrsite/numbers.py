"""Numbers of rows, as addresses and forms name them."""

import re

_NUMBER = re.compile(r"[0-9]{1,18}")  # Fits a bigint, whatever the digits.


def row_number(text: object) -> int | None:
    """Return the number a text is, or None: a row's, in ASCII digits, never beyond a bigint.

    `str.isdigit` and `int` take much else: other scripts' digits, blanks, any length.
    """
    return int(str(text)) if _NUMBER.fullmatch(str(text)) else None
