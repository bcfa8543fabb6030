"""What may become of a comment, and by which steps."""

from django.db import models


class State(models.TextChoices):
    SPAM = "spam", "Spam"
    HELD = "held", "Waiting"
    PUBLISHED = "published", "Published"
    HIDDEN = "hidden", "Hidden"
    REMOVED = "removed", "Removed"
    ERASED = "erased", "Erased"


# From which states a comment may come to each; nothing comes back from removed or erased.
STEPS = {
    "published": ("held", "spam", "hidden"),
    "spam": ("held", "published", "hidden"),
    "hidden": ("published",),
    "removed": ("held", "spam", "published", "hidden"),
    "erased": ("held", "spam", "published", "hidden", "removed"),
}

OPEN = (State.HELD, State.PUBLISHED)  # To their writers, for a while.
