"""Who saved a post last, and when, as the form says it."""

from datetime import datetime, timedelta
from typing import cast

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User

from posts import moments
from posts.drafts import name_of
from posts.history import RevisionNote
from posts.models import Post

AROUND = timedelta(seconds=5)  # A saving is recorded a moment before or after its row is written.


def last_saver(post: Post) -> User | None:
    """Return who saved the post as it is now, where history or log know; two queries at most."""
    since = post.saved_at - AROUND
    notes = post.revision_notes.select_related("revision__user").order_by("-revision_id")
    savings = notes.exclude(kind=RevisionNote.Kind.ELSEWHERE)  # As pins are chosen.
    note = savings.filter(revision__date_created__gte=since).first()
    if note and note.revision.user:
        return cast(User, note.revision.user)
    entry = LogEntry.objects.filter(
        content_type__app_label="posts", content_type__model="post", object_id=str(post.pk),
        action_flag__in=[ADDITION, CHANGE], action_time__gte=since,
    ).select_related("user").order_by("-action_time", "-pk").first()  # fmt: skip
    return entry.user if entry else None


def saved_meanwhile(post: Post, user: User, now: datetime) -> str:
    """Return the sentence that says who saved the post after this person opened it."""
    saver, at = last_saver(post), moments.clock(post.saved_at, now)
    if saver == user:
        return f"You saved this post at {at} in another window, after you opened it here."
    name = name_of(saver) if saver else "Somebody else"
    return f"{name} saved this post at {at}, after you opened it."
