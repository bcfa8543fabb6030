"""Bulk publishing: the posts of a selection moved to another state, each for itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from posts import gate, revisions
from posts.models import Post, PostQuerySet
from posts.strictness import GateRule

logger = logging.getLogger(__name__)

AT_ONCE = 50  # posts moved while the editor waits: some seconds
ACTIONS = ("submit", "publish", "withdraw")


@dataclass(frozen=True)
class Move:
    """What an action does to each post that it applies to."""

    done: str  # in the past, as the message and the log say it
    applies_to: Literal["drafts", "unfinished", "released"]  # the queryset's word
    verb: Callable[[Post], bool]


@dataclass
class Outcome:
    asked: int
    waiting: int = 0  # for the next run
    done: int = 0
    stopped: list[tuple[str, str]] = field(default_factory=list)  # title, what the gate said
    failed: list[str] = field(default_factory=list)  # titles


class BulkPublishing(admin.ModelAdmin):
    """The part of the posts' admin whose actions move many posts at once; at most `AT_ONCE`."""

    actions = [*ACTIONS]

    def response_action(
        self, request: HttpRequest, queryset: Any, *location: Any, **options: Any
    ) -> Any:
        """Keep the history post by post here, and not of the whole selection in one go."""
        if request.POST.get("action") in ACTIONS:
            return admin.ModelAdmin.response_action(self, request, queryset)
        return super().response_action(request, queryset, *location, **options)

    @admin.action(description="Submit the selected posts for review", permissions=["change"])
    def submit(self, request: HttpRequest, queryset: Any) -> None:
        def verb(post: Post) -> bool:
            return self.has_change_permission(request, post) and post.submit()

        self._run(request, queryset, Move("submitted for review", "drafts", verb))

    @admin.action(
        description="Publish the selected posts (a time to come is kept)", permissions=["publish"]
    )
    def publish(self, request: HttpRequest, queryset: Any) -> None:
        """Publish unfinished posts through the gate; those out already or withdrawn stay so."""
        levels, now = GateRule.levels(), timezone.now()

        def verb(post: Post) -> bool:
            return post.is_unfinished() and gate.publish(post, now=now, levels=levels).is_new

        self._run(request, queryset, Move("published", "unfinished", verb))

    @admin.action(description="Withdraw the selected posts", permissions=["publish"])
    def withdraw(self, request: HttpRequest, queryset: Any) -> Any:
        self._run(request, queryset, Move("withdrawn", "released", Post.withdraw))

    def _run(self, request: HttpRequest, queryset: PostQuerySet, move: Move) -> None:
        """Move the first `AT_ONCE` that the move applies to, in the list's order, and tell."""
        applicable: PostQuerySet = getattr(queryset, move.applies_to)()
        pks = list(applicable.values_list("pk", flat=True))
        outcome = Outcome(queryset.count(), waiting=len(pks[AT_ONCE:]))
        posts = Post.objects.in_bulk(pks[:AT_ONCE])
        for post in [posts[pk] for pk in pks if pk in posts]:
            try:
                outcome.done += self._moves(request, post, move)
            except gate.StoppedError as error:
                outcome.stopped.append((post.title, " ".join(error.findings.blocking)))
            except Exception as error:  # noqa: BLE001 - whatever one post can break in its rendering
                kind = type(error).__name__  # Its words may quote anything.
                logger.error("Post %s was not %s: %s", post.pk, move.done, kind)  # noqa: TRY400
                outcome.failed.append(post.title)
        self._tell(request, move, outcome)

    def _moves(self, request: HttpRequest, post: Post, move: Move) -> bool:
        """Move the post with its log and history, or leave it wholly as it was."""
        with transaction.atomic():
            post.lock()
            revisions.catch_up([post.pk], now=timezone.now())
            if is_moved := move.verb(post):
                self.log_change(request, post, f"{move.done.capitalize()}.")
        return is_moved

    def _tell(self, request: HttpRequest, move: Move, outcome: Outcome) -> None:
        posts = "post" if outcome.asked == 1 else "posts"
        said = f"{outcome.done} of {outcome.asked} {posts} {move.done}."
        if left := outcome.asked - outcome.done - outcome.waiting:
            said += f" {left} {'was left as it is' if left == 1 else 'were left as they are'}."
        if outcome.waiting:
            said += f" At most {AT_ONCE} go at once: run it again for the other {outcome.waiting}"
            besides = outcome.stopped or outcome.failed
            said += ", without those named below." if besides else "."
        level = messages.SUCCESS if outcome.done else messages.WARNING
        self.message_user(request, said, level)
        if outcome.stopped:
            rows = format_html_join("", "<li><strong>{}</strong>: {}</li>", outcome.stopped)
            said = "The gate stopped these; nothing of them was changed:"
            self.message_user(request, format_html("{}<ul>{}</ul>", said, rows), messages.ERROR)
        if outcome.failed:
            rows = format_html_join("", "<li>{}</li>", ((title,) for title in outcome.failed))
            said = "An error kept these as they were; the site's log names it:"
            self.message_user(request, format_html("{}<ul>{}</ul>", said, rows), messages.ERROR)
