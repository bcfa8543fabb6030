"""How those who sell, beg and praise by machine write: each a doubt, none of them a verdict."""

import re
from collections.abc import Iterator

from comments.links import has_link, has_stranger, hosts
from comments.rules import Rules
from comments.submissions import Finding, Submission
from comments.tokens import COMMON, EMAIL, PHONE, folded, script_of, shouts, without_links, words_of

FEWEST_WORDS = 6  # different ones; below that no language is told
CONSIDERED_WORDS, CONSIDERED_SENTENCES = 60, 4
OFFER_FROM = 20  # points of listed words
_CONTACT = re.compile(
    r"\b(?:whats ?app|telegram|wechat|skype|viber|signal me|t\.me|dm me|call (?:us|now|today|me)"
    r"|(?:e-?mail|text|message|inbox|contact|reach|add) (?:us|me|him|her|them|on)\b"
    r"|(?:his|her) e-?mail is|contact (?:\w+ ){0,4}(?:on|via|at)\b|contact me)",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w@.])@\w{4,}")
_PRAISE = re.compile(
    r"\b(?:(?:great|nice|awesome|amazing|excellent|fantastic|wonderful|superb|good|pretty nice"
    r"|marvelous|impressive|informative) (?:\w+ )?(?:post|posting|blog|site|web ?site|content|info"
    r"|article|weblog|work|job|information)|keep (?:up the|it up|posting|sharing)"
    r"|your (?:blog|web ?site|weblog|web page|site)\b|bookmark\w*|check(?:ing)? back"
    r"|really enjoyed|truly enjoyed|thanks for (?:sharing|one's)|very informative"
    r"|such (?:a nice|an insightful|a great))",
    re.I,
)
_PRODUCT = re.compile(
    r"\b(?:seo|best|cheap|online|buy|services?|agency|agencies|near me|repairs?|cleaning|plumbers?"
    r"|loans?|payday|casinos?|slots?|poker|betting|bets?|judi|gacor|bola|crypto|bitcoin|forex|nft"
    r"|essays?|assignments?|dissertations?|homework|papers? writers?|thesis|degrees?|diploma"
    r"|viagra|cialis|pills|cbd|keto|weight ?loss|escorts?|girls|xxx|movies?|iptv|followers?"
    r"|marketing|web design|remodeling|movers|furniture|outlet|replica|handbags|kredit|credit fix"
    r"|debt relief|skin care|spell caster|enhancement|traffic|tours|unlock|vape|hack\w*|download"
    r"|miner|signals|airdrop|bonus|course|decor|seguros|obat|mattress|survey|work from home)\b",
    re.I,
)
_SENTENCE = re.compile(r"\w{2}[\])\"'”’]?[.?!…](?=\s|$)")
_SHARE_TEXT = re.compile(
    r"check out this (?:video|playlist|channel) on youtube(?: \w{1,2}| br){0,9}"
)
_PUNCTUATION = re.compile(r"[!?$*~>♥❤]{4,}|(?:[-=]{3,}>)|(?:\.{3,9}\s{0,5}\w{1,30}\s{0,5}){3,9}")


def listed_words(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Find the staff's words, in text and name; a phrase list taken as substrings flags 12–15 %
    of honest comments, so whole words only, and the sum is capped."""
    terms = rules.terms_in(without_links(f"{submission.name}\n{submission.body}"))
    if not terms:
        return
    yield Finding("words", ", ".join(terms[:20]))
    points = sum(rules.words[term] for term in terms)
    if points >= OFFER_FROM and has_stranger(submission, rules):
        yield Finding("offer", "listed words and a link")


def listed_domains(submission: Submission, rules: Rules) -> Iterator[Finding]:
    found = dict.fromkeys(filter(None, map(rules.domain_of, hosts(submission))))
    named = [domain for domain in found if rules.domains[domain]]
    if named:
        yield Finding("domains", ", ".join(named[:20]))


def solicitation(submission: Submission) -> Iterator[Finding]:
    """Find a request to get in touch by some way that is given; two ways count for more."""
    text = without_links(submission.body)
    known = (("telephone", PHONE), ("e-mail", EMAIL), ("handle", _HANDLE))
    ways = [label for label, pattern in known if pattern.search(text)]
    asks = _CONTACT.search(folded(text))
    if asks and ways:
        yield Finding("contact", f"{asks[0]}: {', '.join(ways)}")
    elif asks:
        yield Finding("contact", asks[0], 0.7)
    elif "telephone" in ways or "e-mail" in ways:
        yield Finding("contact", ", ".join(ways), 0.3)


def _asks(text: str) -> bool:
    return bool(_CONTACT.search(text) or PHONE.search(text) or EMAIL.search(text))


def product_name(submission: Submission) -> Iterator[Finding]:
    if found := _PRODUCT.search(folded(without_links(submission.name))):
        yield Finding("product-name", found[0])


def praise(submission: Submission) -> Iterator[Finding]:
    """Find praise for any page at all. Alone it is what a kind reader writes."""
    found = list(dict.fromkeys(hit.lower() for hit in _PRAISE.findall(folded(submission.body))))
    if not found:
        return
    evidence = ", ".join(found[:4])
    yield Finding("praise", evidence, min(3, len(found)))
    if has_link(submission) or _PRODUCT.search(folded(submission.name)):
        yield Finding("praise-link", evidence)


def considered(submission: Submission) -> Iterator[Finding]:
    """Find a text of several sentences and some length: who sells is brief."""
    text = without_links(submission.body)
    sentences, words = len(_SENTENCE.findall(text)), len(words_of(text))
    if words >= CONSIDERED_WORDS and sentences >= CONSIDERED_SENTENCES:
        yield Finding("considered", f"{words} words in {sentences} sentences")


def share_text(submission: Submission) -> Iterator[Finding]:
    """Find what a share button writes, the link lost and not a word of one's own."""
    text = " ".join(words_of(folded(without_links(submission.body))))
    if _SHARE_TEXT.fullmatch(text):
        yield Finding("share-text", text)


def shouting(submission: Submission) -> Iterator[Finding]:
    text = without_links(submission.body)
    if shouts(text):
        yield Finding("shouting", "capitals")
    elif found := _PUNCTUATION.search(text):
        yield Finding("shouting", found[0][:20])


def foreign(submission: Submission) -> Iterator[Finding]:
    """Find a text that is not English: by its script, or when no common English word is in it."""
    text = EMAIL.sub(" ", without_links(submission.body))
    script, words = script_of(text), words_of(folded(text))
    # A title in capitals is in no language.
    different = {word for word in words_of(text) if word.isalpha() and not word.isupper()}
    if script in {"", "LATIN"}:
        known = sum(word in COMMON for word in words)
        if len(different) < FEWEST_WORDS or known > len(words) // 25:
            return
    yield Finding("foreign", script.lower() if script != "LATIN" else "no English word")
    if has_link(submission) or _asks(text):
        yield Finding("foreign-link", script.lower())
