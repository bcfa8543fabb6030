"""Who gets which posts: the statements of the freeze. They run inside its one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from posts.models import Post
from subscriptions.deliveries import ABOUT_US
from subscriptions.models import Issue, Kind
from subscriptions.noon import OLDEST

REPAIR_WITHIN = timedelta(days=30)

# One row for each post a person is to get. Three sources: the posts of this issue; posts of earlier
# issues of this kind that fell between two rhythms when the person changed the frequency; posts
# of deliveries that ended unknown, expired or refused on our account ("In case you missed it").
_PORTIONS = """
CREATE TEMPORARY TABLE subscriptions_portion ON COMMIT DROP AS
WITH person AS MATERIALIZED (
    SELECT s.id, s.active_since, s.frequency_changed_at, chosen.topics
    FROM subscriptions_subscriber s LEFT JOIN (
        SELECT subscriber_id, array_agg(tag_id) AS topics
        FROM subscriptions_subscriber_topics GROUP BY subscriber_id
    ) chosen ON chosen.subscriber_id = s.id
    WHERE s.state = 'active' AND s.frequency = %(kind)s
), offered AS MATERIALIZED (
    SELECT i.post_id, i.position, i.issue_id = %(issue)s AS is_fresh, p.published_at,
           ARRAY(SELECT g.tag_id FROM posts_taggedpost g
                 WHERE g.content_object_id = i.post_id) AS tags
    FROM subscriptions_issuepost i JOIN posts_post p ON p.id = i.post_id
    WHERE i.kind = %(kind)s AND (i.issue_id = %(issue)s OR i.post_id = ANY(%(recent)s))
)
SELECT person.id AS subscriber_id, offered.post_id, offered.position, offered.is_fresh,
       false AS repeat
FROM person JOIN offered ON offered.is_fresh OR (
    person.frequency_changed_at > %(changed_after)s
    AND offered.published_at >= person.active_since)
WHERE (person.topics IS NULL OR person.topics && offered.tags)
  AND NOT EXISTS (SELECT FROM subscriptions_deliveryitem had
                  WHERE had.subscriber_id = person.id AND had.post_id = offered.post_id
                    AND NOT had.repeat)
UNION ALL
SELECT DISTINCT item.subscriber_id, item.post_id, 0::smallint, false, true
FROM subscriptions_delivery d
JOIN subscriptions_deliveryitem item ON item.delivery_id = d.id
JOIN person ON person.id = d.subscriber_id
WHERE (d.state IN ('unknown', 'expired')
       OR d.state = 'rejected' AND d.smtp_reply ~ %(about_us)s)
  AND d.failed_at > %(failed_after)s
  AND item.post_id = ANY(%(repairable)s)
  AND NOT EXISTS (SELECT FROM subscriptions_deliveryitem later
                  WHERE later.subscriber_id = item.subscriber_id
                    AND later.post_id = item.post_id AND later.repeat
                    AND later.id > item.id)
"""
_SHARES = """
CREATE TEMPORARY TABLE subscriptions_share ON COMMIT DROP AS
SELECT subscriber_id,
       coalesce(array_agg(post_id ORDER BY position) FILTER (WHERE is_fresh), '{}') AS fresh,
       coalesce(array_agg(post_id ORDER BY post_id DESC) FILTER (WHERE NOT is_fresh), '{}') AS again
FROM subscriptions_portion GROUP BY subscriber_id
"""
_DELIVERIES = """
INSERT INTO subscriptions_delivery
    (issue_id, subscriber_id, edition_id, state, attempt, next_at, smtp_reply, at)
SELECT edition.issue_id, share.subscriber_id, edition.id, 'pending', 0, %(now)s, '', %(now)s
FROM subscriptions_share share
JOIN subscriptions_edition edition
  ON edition.issue_id = %(issue)s AND edition.fresh = share.fresh AND edition.again = share.again
"""
_ITEMS = """
INSERT INTO subscriptions_deliveryitem (delivery_id, subscriber_id, post_id, repeat)
SELECT d.id, portion.subscriber_id, portion.post_id, portion.repeat
FROM subscriptions_portion portion
JOIN subscriptions_delivery d ON d.issue_id = %(issue)s
 AND d.subscriber_id = portion.subscriber_id
"""
_SETS = "SELECT DISTINCT fresh, again FROM subscriptions_share ORDER BY fresh DESC, again"
_FORESEEN = """
SELECT count(*) FROM subscriptions_subscriber s
WHERE s.frequency = %(kind)s
  AND (s.state = 'active' OR s.state = 'paused' AND s.paused_until <= %(at)s)
  AND (NOT EXISTS (SELECT FROM subscriptions_subscriber_topics t WHERE t.subscriber_id = s.id)
       OR s.id IN (SELECT t.subscriber_id FROM subscriptions_subscriber_topics t
                   JOIN posts_taggedpost g ON g.tag_id = t.tag_id
                   WHERE g.content_object_id = ANY(%(posts)s)))
"""
_FORGET = "DROP TABLE subscriptions_portion, subscriptions_share"


def foresee(kind: str, posts: Sequence[int], *, at: datetime) -> int:
    """Return how many an issue with these posts would go to at that moment; one query, or none.

    Repairs and posts somebody had in another rhythm are left to the freeze.
    """
    if not posts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FORESEEN, {"kind": kind, "at": at, "posts": list(posts)})
        return int(cursor.fetchone()[0])


def divide(issue: Issue) -> list[tuple[list[int], list[int]]]:
    """Work out every person's posts; return the distinct sets (fresh, again) to render."""
    with connection.cursor() as cursor:
        cursor.execute(_PORTIONS, _parameters(issue))
        cursor.execute("ANALYZE subscriptions_portion")
        cursor.execute(_SHARES)
        cursor.execute(_SETS)
        return [(list(fresh), list(again)) for fresh, again in cursor.fetchall()]


def enrol(issue: Issue) -> int:
    """Write one delivery for each person, with its items; return how many. Needs the editions."""
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERIES, {"issue": issue.pk, "now": issue.frozen_at})
        audience = int(cursor.rowcount)
        cursor.execute(_ITEMS, {"issue": issue.pk})
        cursor.execute(_FORGET)
        return audience


def _parameters(issue: Issue) -> dict[str, Any]:
    oldest = OLDEST[Kind(issue.kind)]
    return {
        "issue": issue.pk,
        "kind": issue.kind,
        "recent": _pks(issue.cutoff, oldest),
        "changed_after": issue.cutoff - oldest,
        "repairable": _pks(issue.cutoff, REPAIR_WITHIN),
        "failed_after": issue.frozen_at - REPAIR_WITHIN,
        "about_us": ABOUT_US,
    }


def _pks(cutoff: datetime, oldest: timedelta) -> list[int]:
    return list(Post.objects.for_digest(cutoff=cutoff, oldest=oldest).values_list("pk", flat=True))
