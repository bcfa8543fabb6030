"""The rendering of an issue: once for everybody who gets the same posts, with marks in it.

The marks stand for what differs from person to person. Each is as wide as what replaces it where
width matters, and plain ASCII, so that no transfer encoding changes it.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from pbrsite import mail
from posts.models import Post, Series
from subscriptions.models import Edition, Issue, Kind

TOKEN_MARK = "token-of-the-one-person-this-copy-is-meant-for"  # noqa: S105 - as wide as a token
# A digest after a gap stays under the size at which Gmail clips: the rest are headlines alone.
EXCERPTS_SHOWN = 20
_REASONS = {
    Kind.INSTANT: "you asked for each post as it is published",
    Kind.DAILY: "you asked for one e-mail every day at noon",
    Kind.WEEKLY: "you asked for one e-mail a week",
}


@dataclass(frozen=True)
class Rendering:
    subject: str
    html: str
    text: str


def render(
    issue: Issue, chosen: Sequence[int], sets: Iterable[tuple[list[int], list[int]]]
) -> None:
    """Render the whole issue onto it, and one edition for each set of posts (fresh, again)."""
    sets = list(sets)
    posts = gather({*chosen, *(pk for fresh, again in sets for pk in (*fresh, *again))})
    if chosen:
        whole = compose(issue, [posts[pk] for pk in chosen], [])
        issue.subject, issue.html, issue.text = whole.subject, whole.html, whole.text
    editions = []
    for fresh, again in sets:
        made = compose(issue, [posts[pk] for pk in fresh], [posts[pk] for pk in again])
        editions.append(Edition(issue=issue, fresh=fresh, again=again, subject=made.subject,
                                html=made.html, text=made.text))  # fmt: skip
    Edition.objects.bulk_create(editions)


def gather(wanted: Iterable[int]) -> dict[int, Post]:
    """Return these posts with all that a rendering shows of them."""
    rows = Post.objects.for_list().select_related("series").filter(pk__in=wanted)
    posts = {post.pk: post for post in rows}
    Series.objects.prefetch_outlines(rows)
    return posts


def compose(issue: Issue, fresh: Sequence[Post], again: Sequence[Post]) -> Rendering:
    """Return subject and both bodies for these posts; no query."""
    context = _context(issue, fresh, again)
    folder = "subscriptions/email/digest"
    return Rendering(
        mail.one_line(render_to_string(f"{folder}/subject.txt", context))[:300],
        mail.inline_styles(render_to_string(f"{folder}/body.html", context)),
        mail.tidy_text(render_to_string(f"{folder}/body.txt", context)),
    )


def _bullet(title: str) -> str:
    return textwrap.fill(title, 70, initial_indent="* ", subsequent_indent="  ",
                         break_long_words=False)  # fmt: skip


def _context(issue: Issue, fresh: Sequence[Post], again: Sequence[Post]) -> dict[str, Any]:
    leading = [*fresh, *again]
    is_daily = issue.kind == Kind.DAILY
    return {
        **mail.site_context(),
        "issue": issue,
        "introduction": issue.introduction if fresh else "",
        "date": issue.local_date,
        "first": leading[0],
        "more": len(leading) - 1,
        "fresh": fresh[:EXCERPTS_SHOWN],
        "headlines": fresh[EXCERPTS_SHOWN:],
        "again": again[:EXCERPTS_SHOWN],
        "all_posts": leading,
        "contents": "\n".join(_bullet(post.title) for post in leading),
        "reason": _REASONS[Kind(issue.kind)],
        # Only the daily round has a page; a repair alone has no posts of its own to show there.
        "view_url": mail.absolute(issue.get_absolute_url()) if fresh and is_daily else "",
        "preferences_url": mail.absolute(reverse("subscriptions:find")),
        "unsubscribe_url": mail.absolute(reverse("subscriptions:leave", args=[TOKEN_MARK])),
    }
