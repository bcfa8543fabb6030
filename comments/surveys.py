"""Looking over a site's decisions now and then: where its spam line stands, what arrives lately."""

from dataclasses import asdict, replace
from datetime import datetime

from django.db import connection

from comments import calibration, lessons, rulesets
from comments.calibration import LOOKED_AT, Arrival
from comments.lessons import Lesson
from comments.models import Comment, ModerationDecision
from comments.records import SpamLine
from comments.rulesets import RuleSet
from comments.submissions import Calibration, Training
from comments.tokens import tokens_of

ARRIVALS = 100  # comments, the latest: what kind of texts arrives


def draw_line(now: datetime) -> bool:
    """Draw the spam line anew when anything was decided, changed or sent since; return whether.

    Idempotent. About a second for the thousand comments it looks at, however many were decided.
    """
    drawn_at = SpamLine.objects.filter(pk=1).values_list("drawn_at", flat=True).first()
    if drawn_at is not None and not _is_news_since(drawn_at):
        return False
    taught, arrivals = _taught(), _arrivals()
    words = {token for one in taught for token in one.tokens}
    training = _training(words.union(*(one.tokens for one in arrivals)))
    site = calibration.calibrate(taught, training, rulesets.current())
    alike = calibration.resemblance(arrivals, training.counts, usual=site.usual)
    found = asdict(replace(site, resemblance=alike))
    SpamLine.objects.update_or_create(pk=1, defaults={"drawn_at": now, **found})
    return True


def _is_news_since(moment: datetime) -> bool:
    return (
        ModerationDecision.objects.filter(decided_at__gte=moment).exists()
        or RuleSet.objects.filter(saved_at__gte=moment).exists()
        or Comment.objects.order_by("-pk").filter(created_at__gte=moment).exists()
    )


def _taught() -> list[calibration.Lesson]:
    """Return the latest lessons of each kind; two queries."""
    return [
        calibration.Lesson(is_spam, tokens, lessons.findings_of(reasons))
        for kind in (True, False)
        for is_spam, tokens, reasons in Lesson.objects.filter(is_spam=kind)
        .order_by("-comment_id")
        .values_list("is_spam", "tokens", "comment__reasons")[:LOOKED_AT]
    ]


def _arrivals() -> list[Arrival]:
    """Return what arrived last, and whether it taught something itself; two queries."""
    latest = list(
        Comment.objects.filter(is_staff=False).exclude(state=Comment.State.ERASED)
        .order_by("-pk").values_list("pk", "name", "body")[:ARRIVALS]
    )  # fmt: skip
    taught = set(
        Lesson.objects.filter(pk__in=[pk for pk, *_ in latest]).values_list("pk", flat=True)
    )
    return [Arrival(tokens_of(name, body), is_decided=pk in taught) for pk, name, body in latest]


def _training(tokens: set[str]) -> Training:
    wanted = sorted(tokens | {lessons.ALL})
    with connection.cursor() as cursor:  # One array: more tokens than a statement has parameters.
        cursor.execute(
            "SELECT token, spam, honest FROM comments_spamtoken WHERE token = ANY(%s)", [wanted]
        )
        counts = {token: (spam, honest) for token, spam, honest in cursor.fetchall()}
    spam, honest = counts.pop(lessons.ALL, (0, 0))
    return Training(spam, honest, counts, Calibration())
