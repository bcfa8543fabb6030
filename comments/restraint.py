"""What keeps a comment waiting for a person although its score says spam.

A score adds up signs, and some sums are known to be wrong about honest people: those who only gave
their sources, and those who wrote words that spam is fond of but wanted nothing from anybody.
"""

from collections.abc import Collection, Iterable

from comments.submissions import Reason

OTHER = 10  # points of anything else, from which it is more than links
# Certainty of past decisions that is enough for a text which leads nowhere and sells nothing. Of
# some thousand honest comments judged after fresh trainings three were lost without this.
CERTAIN = 0.8


def links_only(reasons: Iterable[Reason], limit: int, *, links: Collection[str]) -> Reason | None:
    """Return what keeps a comment waiting in which nothing but links looks like spam.

    A weight that staff raised to a verdict stays one.
    """
    signs = [one for one in reasons if one.weight > 0]
    score = sum(one.weight for one in reasons)
    if score < limit or sum(one.weight for one in signs if one.code not in links) >= OTHER:
        return None
    if any(one.weight >= limit for one in signs):
        return None
    return Reason("links-only", limit - 1 - score, "no other sign than links")


def nothing_sold(
    reasons: Collection[Reason], agreed: Reason, limit: int, *, selling: Collection[str]
) -> Reason | None:
    """Return what keeps a comment waiting which only agreement calls spam, and which sells nothing.

    It has no link, no way to get in touch, no name of a product. Certain decisions are believed.
    """
    score = sum(one.weight for one in reasons)
    if not score < limit <= score + agreed.weight:
        return None
    if any(one.code in selling and one.weight > 0 for one in reasons):
        return None
    if any(one.code == "bayes" and one.times >= CERTAIN for one in reasons):
        return None
    return Reason("nothing-sold", limit - 1 - score - agreed.weight, "no link, contact or product")
