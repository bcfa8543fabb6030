"""What the classifier sees of a comment: words, pairs of words, link hosts, and how it is written.

No token holds an address, a telephone number or a figure of the text: they become `~email`,
`~phone`, `~money` and `~number`. A sign of form starts with `~`, which no word does.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_TOKEN = 40
MOST_TOKENS = 600  # Of one comment; five thousand characters have about fifteen hundred.
SHORT_TEXT, LONG_TEXT = 6, 60  # words

URL = re.compile(
    r"(?:https?:/?/?|www\.)[^\s<>\"'\])]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|co|me|ly|io|ru|tv|gl|tk|xyz|shop|site|online)"
    r"\b(?:/[^\s<>\"'\])]*)?",
    re.I,
)
EMAIL = re.compile(r"[^\s@<>:,;()]{1,64}\s?@\s?[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}")
PHONE = re.compile(r"(?<![\w.,£$€])\+?\(?\d(?:[ ()-]{0,2}\d){8,14}(?![\w%])")
_MONEY = re.compile(
    r"(?:[$€£₹]\s?\d[\d.,]*\s?[km]?\b|\b\d[\d.,]*\s?(?:usd|dollars?|euros?|pounds)\b)", re.I
)
_TAG = re.compile(
    r"<\s*/?\s*[a-z!?][^>]{0,500}>?|\[/?(?:url|link|img|b|i|color|size)\b[^\]]{0,300}\]", re.I
)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", re.I)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+", re.UNICODE)
COMMON = frozenset(
    """the be is are was were to of and a an in that have has had it for not on with he as you do
    at this but his by from they we say her she or will my one all would there their what so up out
    if about who get which go me when make can like no just him know take into your good some them
    see other than then now only come its over also how our work first well even new want any these
    most us i i'm it's don't been more did why where very too still thanks thank please yes am
    """.split()  # noqa: SIM905
)
_LONG_RUN = re.compile(r"(\w)\1{2,}")
_RUN = re.compile(r"([!?.$*~>=♥❤-])\1{2,}")


def tokens_of(name: str, body: str) -> list[str]:
    """Return each token once, in a fixed order; the same text gives the same tokens for ever.

    The name gives its form only, never itself: people share names with spammers.
    """
    found = dict.fromkeys(token[:LONGEST_TOKEN] for token in _tokens(name, body))
    return list(found)[:MOST_TOKENS]


def folded(text: str) -> str:
    """Return lower case in compatibility form: 𝐅𝐑𝐄𝐄 and ＦＲＥＥ read "free"."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def words_of(text: str) -> list[str]:
    """Return the words of a folded text, with runs of one letter cut: "sooooo" is "soo"."""
    return [_LONG_RUN.sub(r"\1\1", word) for word in _WORD.findall(text)]


def without_links(text: str) -> str:
    return URL.sub(" ", _TAG.sub(" ", text))


def script_of(text: str) -> str:
    """Return the script most letters of a text are in, as Unicode names it; "" without letters."""
    counts: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            script = "LATIN" if char.isascii() else unicodedata.name(char, "?").split()[0]
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=counts.__getitem__) if counts else ""


def shouts(text: str) -> bool:
    """Return whether most words of four letters and more are in capitals."""
    long = [word for word in _WORD.findall(text) if len(word) > 3 and word.isalpha()]
    return len(long) >= 3 and sum(word.isupper() for word in long) > 0.6 * len(long)


def _tokens(name: str, body: str) -> Iterator[str]:
    links = URL.findall(body)
    yield from _form(body, links)
    plain = EMAIL.sub(" ", without_links(_ENTITY.sub(" ", body)))
    plain = PHONE.sub(" ", _MONEY.sub(" ", plain))
    previous = ""
    for word in words_of(folded(plain)):
        if word.isdigit():
            word = "~number"
        yield word
        if previous:
            yield f"{previous} {word}"
        previous = word
    for link in links:
        host = re.sub(r"^(?:https?:/*)?(?:www\.)?", "", link.lower()).split("/")[0].split("?")[0]
        yield f"~host {host}"


def _form(body: str, links: list[str]) -> Iterator[str]:
    if links:
        yield "~link"
    for sign, pattern in (("~email", EMAIL), ("~phone", PHONE), ("~money", _MONEY), ("~tag", _TAG)):
        if pattern.search(body):
            yield sign
    if shouts(body):
        yield "~shouting"
    if "!!" in body:
        yield "~exclaims"
    if _RUN.search(body):
        yield "~repeats"
    if (script := script_of(without_links(body))) not in {"", "LATIN"}:
        yield f"~script {script.lower()}"
    count = len(_WORD.findall(without_links(body)))
    yield "~short" if count <= SHORT_TEXT else "~long" if count >= LONG_TEXT else "~middling"
