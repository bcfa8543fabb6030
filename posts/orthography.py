"""British and American spellings of one word made one, for text and queries alike.

Each rule names the words it holds for, or an ending no other word has, so that no two different
words meet: four is not for, hour not hor, rogue not rog, prize not prise, a fence no fense.
Accents are folded away and ligatures written out, as readers type.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
)

_MARKS = re.compile(r"[\u0300-\u036f]+")  # the accents that normalisation parts from letters
_FOREIGN = re.compile(r"[^\x00-\x7f]+")  # few signs of most texts: the rest stays as it is


def _any(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


_OUR = _any("""
    arb ard arm behavi cand clam col demean disfav endeav enam fav ferv flav glam harb hon hum lab
    misdemean neighb od parl ranc rig rum sav savi splend succ tum val vap vig watercol
""")
_L = _any("""
    barrel bevel cancel channel chisel council counsel dial duel enamel equal fuel funnel gravel
    grovel initial jewel label level libel marshal marvel model panel pencil pummel quarrel ravel
    revel rival shovel shrivel signal snivel snorkel spiral swivel total towel trammel travel
    tunnel unravel wool
""")
_RE = _any("cent epicent theat amphitheat met lit fib calib lust spect somb sab och meag goit")
# The first rule that fits is applied, and of each family one: a word has one such place.
_SPELLINGS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (rf"^((?:dis|un|mis|re|over|under)?{_OUR})our", r"\1or"),
    # Of the two endings the British one is kept: "organ" and "organise" stay apart.
    (r"^([a-z]{2,}[b-df-hj-np-tv-z])iz(e[ds]?|ing|ers?|ations?|ational|able)$",
     r"\1is\2"),
    (r"lyz(e[drs]?|ers|ing)$", r"lys\1"),
    (rf"^((?:kilo|centi|milli)?{_RE})re(s)?$", r"\1er\2"),
    (r"^(cent)r(ed|ing)$", r"\1er\2"),
    (r"^(catal|dial|anal|monol|prol|epil|travel|homol)og(?:ue(?=s?$)|u(?=ed$|ing$))", r"\1og"),
    (r"^(def|off|pret|lic)ence(s|d|less)?$", r"\1ense\2"),
    (r"^(practi)s(e[ds]?|ing)$", r"\1c\2"),
    (r"^((?:mis|pre)?judg|acknowledg|abridg|lodg)ement", r"\1ment"),
    (r"^ageing$", "aging"),
    (r"^(re)?enrol(ments?|s)?$", r"\1enroll\2"),
    (r"^(ful|in|dis)(fil|stil|til)(ment|ments|s)?$", r"\1\2l\3"),
    (r"^(instal)(ments?)$", r"\1l\2"),
    (r"^(skil|wil)(ful)", r"\1l\2"),
    (r"^jewellery$", "jewelry"),
    (rf"^({_L})l(ed|ing|ings|ers?|ors?|ous|ously|en|ery|ists?)$", r"\1\2"),
    (r"^programmes?$", lambda found: "programs" if found[0][-1] == "s" else "program"),
    (r"^(an|p)aed|^(orthop|encyclop)aed", lambda found: found[0].replace("ae", "e")),
    (r"^(an)aes(?=th)|^(h|an|leuk|isch)aem|^(gyn|c|medi|pal|arch|f)ae(?=c|s|v|o|l)",
     lambda found: found[0].replace("ae", "e")),
    (r"^(f|hom)oe(?=t|o)|^oe(?=str|soph|d)|(?<=rh)oe(?=a)|^(man)oe(?=uvr)",
     lambda found: found[0].replace("oe", "e")),
    (r"^maneuvre", "maneuver"),
    (r"^enquir", "inquir"),
    (r"^(artef)(?=acts?$)", "artif"),
    (r"^sceptic", "skeptic"),
    (r"^(gr)ey(s|ed|ing)?$", r"\1ay\2"),
    (r"^gaol", "jail"),
    (r"^plough", "plow"),
    (r"^sulph", "sulf"),
    (r"^aluminium$", "aluminum"),
    (r"^(m|sm)oul(?=d|t)", r"\1ol"),
]  # fmt: skip
# What none of them needs is passed by: of a hundred new words ninety.
_HINT = re.compile(
    r"our|iz[eia]|lyz|res?$|cent|ogu|enc|practi|gement|ageing|rol|[fst]til|fil|instal|skil|wil|ell"
    r"|l[le]|ramm|ae|oe|neuvr|enq|artef|scep|grey|gaol|plough|sulph|alumin|moul"
)
_RULES = [(re.compile(pattern), instead) for pattern, instead in _SPELLINGS]

_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip


def folded(text: str) -> str:
    """Return the text in small letters without accents: "Café" is "cafe"."""
    text = text.lower()
    return text if text.isascii() else _FOREIGN.sub(_folded, text)


def _folded(found: re.Match[str]) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKD", found[0].translate(_LETTERS)))


@lru_cache(maxsize=100_000)
def common_spelling(word: str) -> str:
    """Return the one spelling that stands for the British and American ones of a folded word.

    A small number is one word whether written out or not: "part two" is "part 2".
    """
    if word in _NUMBERS:
        return _NUMBERS[word]
    if len(word) < 4 or not word.isascii() or not _HINT.search(word):
        return word
    for pattern, instead in _RULES:
        word = pattern.sub(instead, word, count=1)
    return word
