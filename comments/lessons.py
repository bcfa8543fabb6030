"""What staff's decisions taught: token counts in Postgres, and which comment taught what.

A decision is one lesson. A later decision about the same comment takes the first back exactly,
whatever became of the text meanwhile, and erasing a comment takes its words out again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models import CheckConstraint, Q

from comments import bayes, calibration, spam
from comments.models import Comment
from comments.records import SpamLine
from comments.submissions import Finding, Training
from comments.tokens import LONGEST_TOKEN, tokens_of

Reasons = Sequence[Mapping[str, Any]]

ALL = ""  # The row that counts the comments themselves.
BATCH = 500  # comments of one statement
_LOCK = 7_205_118_402_611  # Any number of our own: who learns waits for who is learning.
# What a state says about a comment that came to it by a decision: spam, honest, or neither. Of
# hidden and removed ones nothing: rude is not spam, and the earlier lesson stands.
TEACHES = {"spam": True, "published": False, "held": None, "erased": None}

_ADD = """
INSERT INTO comments_spamtoken AS known (token, spam, honest)
SELECT token, count(*) FILTER (WHERE is_spam), count(*) FILTER (WHERE NOT is_spam)
FROM comments_lesson, unnest(tokens || ''::varchar) AS token
WHERE comment_id = ANY(%s) GROUP BY token
ON CONFLICT (token) DO UPDATE
SET spam = known.spam + excluded.spam, honest = known.honest + excluded.honest
"""
_TAKE_BACK = """
UPDATE comments_spamtoken AS known
SET spam = greatest(0, known.spam - gone.spam), honest = greatest(0, known.honest - gone.honest)
FROM (
    SELECT token, count(*) FILTER (WHERE is_spam) AS spam,
        count(*) FILTER (WHERE NOT is_spam) AS honest
    FROM comments_lesson, unnest(tokens || ''::varchar) AS token
    WHERE comment_id = ANY(%s) GROUP BY token
) AS gone
WHERE known.token = gone.token
"""


class SpamToken(models.Model):
    """In how many comments decided about a token was; the empty token counts the comments."""

    token = models.CharField(max_length=LONGEST_TOKEN, primary_key=True)
    spam = models.PositiveIntegerField(default=0)
    honest = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Token in {self.spam} spam and {self.honest} honest comments"


class Lesson(models.Model):
    """What one comment taught, exactly: so that it can be taken back."""

    comment = models.OneToOneField(
        Comment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    is_spam = models.BooleanField()
    tokens = ArrayField(models.CharField(max_length=LONGEST_TOKEN))

    class Meta:
        constraints = [
            CheckConstraint(
                name="comments_lesson_teaches_something", condition=Q(tokens__len__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"Lesson of comment {self.comment_id}"


def learn(pks: Sequence[int], *, to_state: str, by: User | None) -> None:
    """Learn from a decision that brought these comments to a state; idempotent.

    Call it in the decision's transaction, before the text is blanked. Six statements for each
    five hundred comments.
    """
    if to_state not in TEACHES or not pks or (by is None and TEACHES[to_state] is not None):
        return  # What nobody decided teaches nothing; what is erased is forgotten in any case.
    is_spam = TEACHES[to_state]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for start in range(0, len(pks), BATCH):
            _learn_batch(pks[start : start + BATCH], is_spam)


def training_for(texts: Iterable[tuple[str, str]]) -> Training:
    """Return what is known of the tokens of these (name, body) pairs, and the line; two queries."""
    wanted = {token for name, body in texts for token in tokens_of(name, body)}
    wanted |= {ALL, *(f"~{code}" for code in bayes.SIGNS)}
    rows = SpamToken.objects.filter(token__in=wanted).values_list("token", "spam", "honest")
    counts = {token: (spam, honest) for token, spam, honest in rows}
    in_spam, in_honest = counts.pop(ALL, (0, 0))
    return Training(in_spam, in_honest, counts, SpamLine.current())


def _learn_batch(pks: Sequence[int], is_spam: bool | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [list(pks)])
        Lesson.objects.filter(comment__in=pks).delete()
        if is_spam is None:
            SpamToken.objects.filter(spam=0, honest=0).delete()
            return
        Lesson.objects.bulk_create(
            Lesson(comment_id=pk, is_spam=is_spam, tokens=tokens)
            for pk, name, body, reasons in Comment.objects.filter(pk__in=pks)
            .exclude(is_staff=True)
            .values_list("pk", "name", "body", "reasons")
            if (tokens := lesson_of(name, body, reasons, is_spam=is_spam).tokens)
        )
        cursor.execute(_ADD, [list(pks)])


def lesson_of(name: str, body: str, reasons: Reasons, *, is_spam: bool) -> calibration.Lesson:
    """Return what a comment teaches, by the reasons of its score.

    Of a copy only form, hosts and signs: the words are another's. How it was sent teaches nothing.
    """
    tokens = tokens_of(name, body)
    if is_spam and any(reason["code"] == "copied" for reason in reasons):
        tokens = [token for token in tokens if token.startswith("~")]
    signs = bayes.signs_of((str(one["code"]), int(one["weight"])) for one in reasons)
    return calibration.Lesson(is_spam, [*tokens, *signs], findings_of(reasons))


def findings_of(reasons: Reasons) -> list[Finding]:
    """Return what stored reasons say of a text itself."""
    return [one for one in spam.restored(reasons) if one.code in bayes.SIGNS]
