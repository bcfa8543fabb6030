"""Numbers of rows in what people send."""

import pytest

from pbrsite.numbers import row_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),  # Beyond a bigint, nearly.
        ("9" * 5000, None),  # Python itself refuses to read it.
        ("²", None),  # A digit to `str.isdigit` alone.
        ("٣", None),
        (" 7", None),
        ("-7", None),
        ("7\x00", None),
        ("", None),
        (None, None),
    ],
)
def test_only_plain_digits_are_the_number_of_a_row(text, number):
    assert row_number(text) == number
