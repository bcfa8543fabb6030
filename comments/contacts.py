"""The addresses of people who commented, apart from their comments.

Nothing leads here from a comment (`related_name="+"`), and only the moderation desk and what mails
people or acts for them may import this module (a contract in pyproject.toml): a page, feed or
export cannot show what its code cannot reach.
"""

import secrets
from datetime import date, datetime

from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from comments.models import Comment


def new_secret() -> str:
    return secrets.token_hex(32)


class CommentContact(models.Model):
    comment = models.OneToOneField(
        Comment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # Indexed for the history and the rates of one address, and for forgetting it.
    email = models.EmailField(max_length=254, db_index=True)
    wants_replies = models.BooleanField(default=False)
    # When the address was known to be the writer's own: by cookie, or by a click in a mail to it.
    proven_at = models.DateTimeField(null=True, blank=True)
    network = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = "contact"
        constraints = [
            CheckConstraint(
                name="comments_commentcontact_lower_case", condition=Q(email=Lower(F("email")))
            )
        ]

    def __str__(self) -> str:
        # Never the address: this is what logs and error pages print.
        return f"Contact of comment {self.comment_id}"

    @property
    def wants_notices(self) -> bool:
        """Return whether notices may go out: asked for, and proven by the address's owner."""
        return self.wants_replies and self.proven_at is not None


class NetworkKey(models.Model):
    """The key under which a month's networks are kept; thrown away when the month is over.

    Without it the marks compare with nothing: 16 million /24 networks are quickly tried, a lost
    256-bit key is not.
    """

    month = models.DateField(primary_key=True)
    secret = models.CharField(max_length=64, default=new_secret)

    def __str__(self) -> str:
        return f"Key of {self.month:%B %Y}"


def network_mark(network: str, *, now: datetime) -> str:
    """Return the HMAC of a /24 or /48 under this month's key; "" for an unknown network."""
    if not network:
        return ""
    key, _ = NetworkKey.objects.get_or_create(month=month_of(now))
    return salted_hmac(
        "comments.network", network, secret=key.secret, algorithm="sha256"
    ).hexdigest()


def month_of(now: datetime) -> date:
    return timezone.localtime(now).date().replace(day=1)
