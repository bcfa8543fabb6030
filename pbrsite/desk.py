"""What the editorial desk shows on the admin's index: each panel for who may act on it."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import Count, F, Q
from django.urls import reverse

from comments.models import Comment
from pbrsite import mailbox
from posts.models import Citation, Post, PostQuerySet, ScheduledChange, SearchMiss
from subscriptions import noon, upcoming
from subscriptions.accounting import bar, counted
from subscriptions.forecast import left_until
from subscriptions.models import Issue, Kind, Subscriber

ROWS = 6

User = AbstractBaseUser | AnonymousUser


def desk_for(user: User, now: datetime) -> dict[str, Any]:
    """Return the panels this member of staff may see; at most fourteen queries."""
    desk: dict[str, Any] = {}
    if not isinstance(user, PermissionsMixin):
        return desk
    if user.has_perm("posts.add_post"):
        desk["write_url"] = reverse("admin:posts_post_add")
    if user.has_perm("posts.view_post"):
        desk |= {
            "drafts": _unfinished(Post.objects.open_to(user).drafts()),
            "in_review": _unfinished(Post.objects.open_to(user).in_review()),
            "scheduled": _scheduled(Post.objects.open_to(user).scheduled(now)),
            "changes": _changes(Post.objects.open_to(user)),
            "health": [
                *_health(now),
                *_dead_links(user, now),
                *_misses(user, now),
                *_mail_hint(user),
            ],
        }
    if user.has_perm("comments.view_comment"):
        desk["waiting_comments"] = {
            "count": Comment.objects.waiting_count(),
            "url": reverse("admin:comments_comment_changelist"),
        }
    if user.has_perm("subscriptions.view_issue"):
        desk |= {"noon": _noon(now), "issues": _issues()}
        desk["unconfirmed"] = Subscriber.objects.unconfirmed(now).count()
    return desk


def _unfinished(posts: PostQuerySet) -> list[dict[str, Any]]:
    return [
        {
            "title": post.title,
            "url": _change(post),
            "author": post.author.name,
            "saved_at": post.saved_at,
        }
        for post in _brief(posts).order_by("-saved_at", "-pk")[:ROWS]
    ]


def _scheduled(posts: PostQuerySet) -> list[dict[str, Any]]:
    return [
        {"title": post.title, "url": _change(post), "published_at": post.published_at}
        for post in _brief(posts).order_by("published_at", "pk")[:ROWS]
    ]


def _changes(posts: PostQuerySet) -> list[dict[str, Any]]:
    """Return the changes to public posts that wait, those that need a decision first."""
    rows = ScheduledChange.objects.open().filter(post__in=posts).select_related("post")
    fields = ("state", "due_at", "post__title")
    return [
        {
            "title": change.post.title,
            "url": reverse("admin:posts_post_scheduled_change", args=[change.post_id, change.pk]),
            "due_at": change.due_at,
            "is_held": change.is_held,
        }
        for change in rows.order_by("state", "due_at", "pk").only(*fields)[:ROWS]
    ]


def _brief(posts: PostQuerySet) -> PostQuerySet:
    return posts.select_related("author").only(
        "title", "status", "saved_at", "published_at", "author__name"
    )


def _change(post: Post) -> str:
    return reverse("admin:posts_post_change", args=[post.pk])


def _misses(user: PermissionsMixin, now: datetime) -> list[dict[str, Any]]:
    """Return a line only when readers searched in vain for something new."""
    count = SearchMiss.objects.new(now).count() if _may_mend(user) else 0
    url = reverse("admin:posts_searchmiss_changelist") + "?show=new"
    return [{"label": "New searches that found nothing", "value": count, "url": url}][: bool(count)]


def _may_mend(user: PermissionsMixin) -> bool:
    return user.has_perm("posts.view_searchmiss") or user.has_perm("posts.change_searchmiss")


def _mail_hint(user: PermissionsMixin) -> list[dict[str, Any]]:
    if not mailbox.is_in_use() or not user.has_perm(mailbox.PERMISSION):
        return []
    return [{"label": "Mail is kept in files", "value": "read", "url": reverse("admin:mail")}]


def _health(now: datetime) -> list[dict[str, Any]]:
    """Return what an editor would want to mend: one query."""
    counts = Post.objects.published(now).aggregate(
        total=Count("pk"),
        without_excerpt=Count("pk", filter=Q(excerpt="")),
        without_topic=Count("pk", filter=Q(topic=None)),
        never_related=Count("pk", filter=Q(related_at=None) | Q(related_at__lt=F("published_at"))),
    )
    listing = reverse("admin:posts_post_changelist")
    return [
        {
            "label": "Public posts",
            "value": counts["total"],
            "url": f"{listing}?state=published",
        },
        {"label": "Without a chosen excerpt", "value": counts["without_excerpt"], "url": ""},
        {"label": "Without a topic label", "value": counts["without_topic"], "url": ""},
        {"label": "Waiting for related posts", "value": counts["never_related"], "url": ""},
        {"label": "With weak related posts", "value": "show", "url": f"{listing}?match=weak"},
    ]


def _dead_links(user: PermissionsMixin, now: datetime) -> list[dict[str, Any]]:
    """Return how many links of public posts lead readers to no post, where there are any."""
    count = Citation.objects.dead(now).count() if user.has_perm("posts.publish_post") else 0
    url = reverse("admin:posts_citation_changelist")
    label = "Links to posts that are not public"
    return [{"label": label, "value": count, "url": url}] if count else []


def _noon(now: datetime) -> dict[str, Any]:
    """Return what goes out next, when, and to how many."""
    coming = upcoming.next_issue(Kind.DAILY, now)
    return {
        "line": noon.in_words(coming.goes_at, now).capitalize(),
        "left": left_until(coming.goes_at, now),
        "posts": [post.title for post in coming.posts],
        "left_out": [post.title for post in coming.left_out],
        "audience": coming.audience,
        "subscribers": coming.subscribers,
        "introduction": coming.introduction,
        "url": reverse("admin:subscriptions_issue_next"),
    }


def _issues() -> list[dict[str, Any]]:
    issues: Any = Issue.objects.for_desk(most=ROWS)
    return [
        {
            "label": str(issue),
            "subject": issue.subject,
            "url": reverse("admin:subscriptions_issue_change", args=[issue.pk]),
            "state": issue.get_state_display(),
            "bar": bar(counted(issue)),
            "audience": issue.audience,
            "sent": issue.sent_count,
            "open": issue.still_open,
            "problems": issue.rejected_count + issue.unknown_count + issue.expired_count,
        }
        for issue in issues
    ]
