"""The moderation desk, in Django's admin: what waits, and everything needed to decide."""

from comments.admin.desk import CommentDesk

__all__ = ["CommentDesk"]
