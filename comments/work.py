"""A proof of work the browser may bring: it lowers a doubtful score, and nothing else ever.

Hashcash (Adam Back, 2002) with SHA-256 over the form's token, the address typed and a number. The
token carries post and time; with the address in it, one piece of work serves one address and form.
`static/comments/work.js` looks for the number while the comment is being written. Where there is
no JavaScript there is no number, and the comment is held as it would have been.

It counts as a step up only (`spam.weigh`): where the score is in the doubtful band, too many
comments in a short time included. It makes no honest score better and no spam less.
"""

import hashlib

BITS = 14  # 16,384 tries on average: about half a second in a browser, here one.
LONGEST_NUMBER = 12  # digits


def is_done(number: str, *, token: str, email: str) -> bool:
    """Return whether the number fits the form's token and the address; one hash."""
    if not (token and number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER):
        return False
    digest = hashlib.sha256(f"{token}|{email.strip().lower()}|{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - BITS) == 0


def do(*, token: str, email: str) -> str:
    """Return the first number that fits, as a browser finds it."""
    number = 0
    while not is_done(str(number), token=token, email=email):
        number += 1
    return str(number)
