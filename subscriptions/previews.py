"""The next issue as it will look, for the desk: for everybody or for one topic, light or dark."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from pbrsite.numbers import row_number
from posts.models import TaggedPost
from subscriptions import editions, tokens
from subscriptions.editions import TOKEN_MARK, Rendering
from subscriptions.models import Subscriber
from subscriptions.upcoming import Upcoming

TOPICS_SHOWN = 30
WIDTHS = {"600": "A desk, 600 px", "390": "A phone, 390 px"}
SCHEMES = {"light": "Light", "dark": "Dark"}
_NOTHING = "<!doctype html><title>Nothing</title><p>Nothing in it for this choice.</p>"


class NothingToSend(Exception):  # noqa: N818 - it reads as what it is.
    """There is no post for this choice, so there is nothing to send."""


@dataclass(frozen=True)
class Topic:
    pk: int
    name: str
    people: int


@dataclass(frozen=True)
class View:
    """How somebody wants to look at it; `topic` is None for everybody's edition."""

    topic: Topic | None = None
    width: str = "600"
    scheme: str = "light"

    @classmethod
    def asked_for(cls, query: Mapping[str, str], topics: Sequence[Topic]) -> "View":
        number = row_number(query.get("topic", ""))
        topic = next((topic for topic in topics if topic.pk == number), None)
        width, scheme = query.get("width", ""), query.get("scheme", "")
        return cls(topic, width if width in WIDTHS else "600",
                   scheme if scheme in SCHEMES else "light")  # fmt: skip

    def query(self) -> dict[str, str]:
        topic = {"topic": str(self.topic.pk)} if self.topic else {}
        return {**topic, "width": self.width, "scheme": self.scheme}

    @property
    def widths(self) -> Mapping[str, str]:
        return WIDTHS

    @property
    def schemes(self) -> Mapping[str, str]:
        return SCHEMES


def topics_of(coming: Upcoming) -> list[Topic]:
    """Return the topics of its posts that people chose, the most wanted first; one query."""
    tags = TaggedPost.objects.filter(content_object__in=[post.pk for post in coming.posts])
    chosen = Subscriber.topics.through.objects.filter(
        subscriber__state=Subscriber.State.ACTIVE, subscriber__frequency=coming.kind,
        tag__in=tags.values("tag_id"),
    )  # fmt: skip
    rows = chosen.values_list("tag_id", "tag__name").annotate(people=Count("pk"))
    return [Topic(*row) for row in rows.order_by("-people", "tag__name", "tag_id")[:TOPICS_SHOWN]]


def render(coming: Upcoming, view: View, now: datetime) -> Rendering:
    """Return the next issue as the freeze would render it; or raise NothingToSend."""
    order = [post.pk for post in coming.posts]
    if view.topic:
        tagged = TaggedPost.objects.filter(tag_id=view.topic.pk, content_object__in=order)
        wanted = set(tagged.values_list("content_object_id", flat=True))
        order = [pk for pk in order if pk in wanted]
    posts = editions.gather(order)
    if not posts:
        raise NothingToSend
    return editions.compose(coming.as_issue(now), [posts[pk] for pk in order], [])


def text(coming: Upcoming, view: View, now: datetime) -> str:
    """Return the text part; "" where there is nothing to send."""
    try:
        return _harmless(render(coming, view, now).text)
    except NothingToSend:
        return ""


def framed(coming: Upcoming, view: View, now: datetime) -> str:
    """Return the HTML for a frame: in the scheme asked for, its links opening a tab."""
    try:
        made = _harmless(render(coming, view, now).html)
    except NothingToSend:
        return _NOTHING
    # A frame's own scheme is the browser's: the rule is made to hold always, or never.
    media = "@media all" if view.scheme == "dark" else "@media not all"
    html = re.sub(r"@media \(prefers-color-scheme: ?dark\)", media, made)
    return html.replace("<head>", '<head><base target="_blank">', 1)


def _harmless(body: str) -> str:
    """Return the body with links that are whole and unsubscribe nobody."""
    return body.replace(TOKEN_MARK, tokens.leave(0))
