"""What is kept about one person, for that person (GDPR, articles 15 and 20)."""

from typing import Any

from posts.models import Post
from subscriptions.models import DeliveryItem, MailRequest, Subscriber, Suppression

# The secrets of links are no data about anybody, and a file may be passed on.
LEFT_OUT = {"id", "epoch", "confirm_digest"}


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """Return all of it by plain names, ready for JSON; eight queries."""
    row = {field.name: field.value_from_object(subscriber)
           for field in subscriber._meta.concrete_fields if field.name not in LEFT_OUT}  # fmt: skip
    events = subscriber.events.values("at", "from_state", "to_state", "actor", "method", "wording",
                                      "page", "source", "agreed_at")  # fmt: skip
    mail = subscriber.deliveries.values("issue__kind", "issue__local_date", "state", "attempt",
                                        "smtp_reply", "at")  # fmt: skip
    mailed = DeliveryItem.objects.filter(subscriber=subscriber, repeat=False).values("post_id")
    posts = Post.objects.filter(pk__in=mailed).order_by("pk")
    told = subscriber.mail_events.values("happened_at", "source", "kind", "status", "words",
                                         "effect")  # fmt: skip
    requests = MailRequest.objects.filter(email__iexact=subscriber.email)
    return row | {
        "topics": list(subscriber.topics.values_list("name", flat=True)),
        "consent": list(events),
        "mail": list(mail.order_by("at", "pk")),
        "what_came_back": list(told.order_by("happened_at", "pk")),
        "posts_mailed": list(posts.values_list("title", flat=True)),
        "forms_not_answered_yet": list(requests.values("purpose", "frequency", "page", "at")),
        "left_alone_because": Suppression.reason_for(subscriber.email),
    }
