"""Where comments and tags stand in text that may be broken in any way, in one pass.

An expression for what is never closed looks on to the end of the text from each beginning: a body
of a thousand beginnings then takes a million looks. Here each sign is looked at once.
"""

import re
from collections.abc import Iterator

_OPEN, _CLOSE = "<!--", "-->"


def comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each HTML comment begins and ends, and what it says."""
    start = text.find(_OPEN)
    while start >= 0 and (end := text.find(_CLOSE, start + len(_OPEN))) >= 0:
        yield start, end + len(_CLOSE), text[start + len(_OPEN) : end].strip()
        start = text.find(_OPEN, end + len(_CLOSE))


def without_comments(text: str) -> str:
    parts, last = [], 0
    for start, end, _ in comments(text):
        parts.append(text[last:start])
        last = end
    return "".join([*parts, text[last:]])


def tags(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern for tags; behind the last ">" there is none to look for."""
    return pattern.finditer(text, 0, text.rfind(">") + 1)


def without_tags(pattern: re.Pattern[str], text: str, instead: str = "") -> str:
    end = text.rfind(">") + 1
    return pattern.sub(instead, text[:end]) + text[end:]
