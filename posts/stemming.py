"""The stem of an English word: Porter's second algorithm ("Porter2", snowballstem.org, 2002).

PostgreSQL's `english_stem` follows the same one; here it serves text, queries and snippets alike,
after spellings are made one (`posts.orthography`), and without asking the database.
"""

import re
from functools import lru_cache

_VOWELS = "aeiouy"
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
_REGION = re.compile(r"[aeiouy][^aeiouy]")
_SHORT_END = re.compile(r"(?:^[aeiouy][^aeiouy]|[^aeiouy][aeiouy][^aeiouywxY])$")

_WHOLE = {
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie",
    "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli", "only": "onli",
    "singly": "singl", "sky": "sky", "news": "news", "howe": "howe", "atlas": "atlas",
    "cosmos": "cosmos", "bias": "bias", "andes": "andes",
}  # fmt: skip
_WHOLE_AFTER_PLURAL = frozenset(
    ["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"]
)
_STEP_2 = {
    "ization": "ize", "ational": "ate", "fulness": "ful", "ousness": "ous", "iveness": "ive",
    "tional": "tion", "biliti": "ble", "lessli": "less", "entli": "ent", "ation": "ate",
    "alism": "al", "aliti": "al", "ousli": "ous", "iviti": "ive", "fulli": "ful", "enci": "ence",
    "anci": "ance", "abli": "able", "izer": "ize", "ator": "ate", "alli": "al", "bli": "ble",
    "ogi": "og", "li": "",
}  # fmt: skip
_STEP_3 = {
    "ational": "ate", "tional": "tion", "alize": "al", "icate": "ic", "iciti": "ic",
    "ative": "", "ical": "ic", "ness": "", "ful": "",
}  # fmt: skip
_STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous",
    "ive", "ize", "ion", "al", "er", "ic",
)  # fmt: skip


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of a folded word (small letters, no apostrophe); words with digits as is."""
    if len(word) <= 2 or not word.isascii() or not word.isalpha():
        return word
    if word in _WHOLE:
        return _WHOLE[word]
    word = _consonant_y(word)
    first, second = _regions(word)
    word = _plural(word)
    if word in _WHOLE_AFTER_PLURAL:
        return word
    word = _past(word, first)
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        word = word[:-1] + "i"
    word = _derived(word, first, second)
    return _final(word, first, second).lower()


def _consonant_y(word: str) -> str:
    """Mark each y that is a consonant as Y: at the beginning and after a vowel."""
    letters = list(word)
    for at, letter in enumerate(letters):
        if letter == "y" and (at == 0 or letters[at - 1] in _VOWELS):
            letters[at] = "Y"
    return "".join(letters)


def _regions(word: str) -> tuple[int, int]:
    """Return where R1 and R2 begin: after the first, and the second, vowel and non-vowel."""
    first = next((len(start) for start in ("gener", "commun", "arsen") if word.startswith(start)),
                 None)  # fmt: skip
    if first is None:
        found = _REGION.search(word)
        first = found.end() if found else len(word)
    found = _REGION.search(word, first)
    return first, found.end() if found else len(word)


def _plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1] if any(letter in _VOWELS for letter in word[:-2]) else word
    return word


def _past(word: str, first: int) -> str:
    for ending in ("eedly", "eed"):
        if word.endswith(ending):
            return word[: -len(ending)] + "ee" if len(word) - len(ending) >= first else word
    for ending in ("ingly", "edly", "ing", "ed"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return _mended(rest, first) if any(x in _VOWELS for x in rest) else word
    return word


def _mended(rest: str, first: int) -> str:
    """Return a verb without its ending as it is written alone: hop for hopp, hope for hop."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if rest.endswith(_DOUBLES) and not (len(rest) == 3 and rest[0] in "aeo"):  # added: add
        return rest[:-1]
    return rest + "e" if _is_short(rest, first) else rest


def _is_short(word: str, first: int) -> bool:
    return first >= len(word) and bool(_SHORT_END.search(word))


def _derived(word: str, first: int, second: int) -> str:
    word = _replaced(word, _STEP_2, first, second)
    word = _replaced(word, _STEP_3, first, second)
    for ending in _STEP_4:
        if word.endswith(ending):
            rest = len(word) - len(ending)
            fits = rest >= second and (ending != "ion" or word[rest - 1] in "st")
            return word[:rest] if fits else word
    return word


def _replaced(word: str, endings: dict[str, str], first: int, second: int) -> str:
    for ending, instead in endings.items():  # The longest come first.
        if word.endswith(ending):
            rest = word[: -len(ending)]
            fits = (
                len(rest) >= (second if ending == "ative" else first)
                and (ending != "ogi" or rest.endswith("l"))
                and (ending != "li" or rest.endswith(tuple("cdeghkmnrt")))
            )
            return rest + instead if fits else word
    return word


def _final(word: str, first: int, second: int) -> str:
    last = len(word) - 1
    if word.endswith("e"):
        gone = last >= second or (last >= first and not _SHORT_END.search(word[:-1]))
        return word[:-1] if gone else word
    if word.endswith("ll") and last >= second:
        return word[:-1]
    return word
