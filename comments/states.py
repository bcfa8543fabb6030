"""The states of a comment, and from which it may come to which."""

from django.db.models import TextChoices


class State(TextChoices):
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
# Undone within minutes, each of these steps leads back to where it came from: only what is erased
# has no words to come back with.
UNDONE = tuple(state for state in STEPS if state != "erased")
OPEN = (State.HELD, State.PUBLISHED)  # To their writers, for a while.
