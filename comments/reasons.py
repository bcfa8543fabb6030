"""What the codes of the score mean, in words for the people at the desk."""

from collections.abc import Iterable, Mapping
from typing import Any

WORDS = {
    "trap": "filled in a field that people do not see",
    "haste": "sent at once",
    "unsigned": "did not come from our form",
    "rate": "many at a time",
    "repeated": "says it again",
    "known-spam": "known spam",
    "copied": "others’ words with a link added",
    "links": "links",
    "link": "a link",
    "link-in-name": "link in the name",
    "hidden-target": "link that hides where it leads",
    "lookalike-host": "link that looks like another",
    "bare-link": "a link with hardly a word",
    "front-page": "link to the front page of an unknown site",
    "named-host": "link to a host named like the writer or a ware",
    "markup": "BBCode or hidden HTML",
    "script": "a script",
    "html-link": "a link written in HTML",
    "contact": "asks for a call or a message",
    "pitch": "a sales pitch",
    "self-promotion": "asks people to look at the writer’s own",
    "share-text": "nothing but what a share button writes",
    "product-name": "the name is what somebody sells",
    "offer": "an offer",
    "praise": "praise that fits any page",
    "praise-link": "praise that fits any page, with a link",
    "shouting": "mostly capitals",
    "foreign": "not in English",
    "foreign-link": "not in English, with a link",
    "words": "words of our list",
    "domains": "domains of our list",
    "considered": "several whole sentences",
    "bayes": "words of earlier decisions",
    "familiar": "words of earlier comments",
    "kind": "of the kind decided about",
    "together": "these and earlier decisions agree",
    "links-only": "nothing but links, a person should look",
    "nothing-sold": "leads nowhere and sells nothing, a person should look",
    "wording": "what its words alone say",
    "line": "the line of this site",
    "own-line": "the line of this site stands lower",
    "history": "earlier comments of the same person",
    "akismet": "Akismet",
    "work": "the browser worked for it",
}

UNSAID = {"wording", "kind", "line"}  # What only other reasons rest on.


def said(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the reasons in words, without what says nothing by itself."""
    return [in_words(one) for one in reasons if one.get("code") not in UNSAID]


def in_words(reason: Mapping[str, Any]) -> str:
    """Return one reason with its weight: “links: 2 links, +15”. An unknown code stands for itself.

    The evidence may be a text, a list of words or a table of them: the phases differ.
    """
    code, evidence = str(reason.get("code", "")), reason.get("evidence", "")
    words = WORDS.get(code, code.replace("-", " ").replace("_", " "))
    text = f"{words}: {_listed(evidence)}" if evidence else words
    return f"{text}, {signed(reason.get('weight', 0))}"


def signed(points: int) -> str:
    """Return points with their sign: a minus is no hyphen."""
    return f"{points:+}".replace("-", "−")


def _listed(evidence: Any) -> str:
    if isinstance(evidence, Mapping):
        return ", ".join(f"{name} {value}" for name, value in evidence.items())
    if isinstance(evidence, list | tuple):
        return ", ".join(map(_listed, evidence))
    return str(evidence)
