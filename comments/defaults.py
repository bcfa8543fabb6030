"""The weights and lists a new site starts with; staff change them in the admin.

A word of the list is a doubt, never a verdict: a policy blog writes about drugs, gambling and debt.
Single words are cheap therefore, and the phrases of those who sell are dear.
"""

from pathlib import Path

WEIGHTS: dict[str, tuple[int, str]] = {
    "trap": (50, "the hidden field was filled in (some browsers do that)"),
    "haste": (30, "sent within three seconds"),
    "unsigned": (40, "did not come from our form"),
    "rate": (40, "too many from one network, address, post or to the whole site"),
    "repeated": (40, "like the writer's own comment of the last day"),
    "known-spam": (80, "like a comment that is spam"),
    "copied": (90, "the post's or another reader's words with a link added"),
    "links": (15, "each link after the first"),
    "link-in-name": (60, "a link in the name"),
    "hidden-target": (30, "a link to an IP address or a shortener"),
    "lookalike-host": (30, "a link to a host of mixed scripts"),
    "bare-link": (20, "a link with hardly a word"),
    "front-page": (30, "a link to the front page of an unknown site"),
    "named-host": (30, "a link to a host named like the writer or like a ware"),
    "markup": (60, "script, BBCode or hidden HTML in the text"),
    "script": (90, "a script in the text"),
    "html-link": (10, "a link written in HTML"),
    "contact": (20, "asks for a call, an e-mail or a message"),
    "pitch": (25, "each move of a sales pitch after the first"),
    "self-promotion": (25, "asks people to look at what the writer owns"),
    "share-text": (60, "nothing but what a share button writes"),
    "product-name": (35, "the name is what somebody sells"),
    "offer": (30, "several listed words, and a link"),
    "praise": (15, "praise that fits any page"),
    "praise-link": (40, "such praise, with a link or a product's name"),
    "shouting": (10, "mostly in capitals, or rows of signs"),
    "foreign": (30, "not in English"),
    "foreign-link": (25, "not in English, with a link or a number to call"),
    "words": (75, "the list of words, at most"),
    "domains": (60, "the list of domains, at most"),
    "considered": (-15, "sixty words and more in several sentences"),
    "bayes": (25, "what staff's decisions taught, at most"),
    "together": (60, "signs above and what staff's decisions taught agree, at most"),
    "line": (25, "how far past decisions may lower the line of spam, at most"),
    "history": (20, "earlier comments of a proven identity, at most"),
    "akismet": (30, "Akismet's answer, when it is switched on"),
    "work": (-15, "the browser did a proof of work when asked"),
}

_LISTS = Path(__file__).parent / "lists"
WORDS = (_LISTS / "words.txt").read_text(encoding="utf-8")
DOMAINS = (_LISTS / "domains.txt").read_text(encoding="utf-8")
