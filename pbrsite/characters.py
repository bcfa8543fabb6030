"""What text may hold wherever it goes."""

import re

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold: one such character breaks a whole feed.

    Word processors paste them (a vertical tab, say), and the sanitiser lets them through.
    """
    return UNPRINTABLE.sub("", text)
