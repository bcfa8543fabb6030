"""What becomes of an item by its state on WordPress; nothing becomes public that was not."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from pbrsite.wordpress.items import Item, moment
from posts.models import Post

Status = Post.Status

KINDS = {
    "page": "a page: pages are left out",
    "attachment": "an uploaded file: images come with --media, from the posts that show them",
    "nav_menu_item": "an entry of a menu",
    "revision": "an older version of a post",
    "customize_changeset": "a setting of WordPress",
    "custom_css": "a style sheet of WordPress",
    "wp_navigation": "a menu",
    "wp_block": "a reusable block",
    "wp_template": "a template",
    "wp_global_styles": "a style of WordPress",
}
# Characters: of what is longer than 10 MB the HTML parser says nothing and drops the rest.
MOST = 2_000_000
NO_POST = "of a kind this site has no use for"
IN_TRASH = "in the bin of the blog"
UNSAVED = "never saved on the blog"
TOO_LONG = "longer than a page can be: split it on the blog, or cut it in the file"
NAMELESS = "it has neither number nor guid nor slug, so it could not be found again"
PRIVATE = "private on the blog: a draft here"
PROTECTED = "under a password on the blog: a draft here"
MISSED = "scheduled for a time that has passed, never published: a draft here"
DATELESS = "published without a date: a draft here"
UNKNOWN = "of a state that is not public: a draft here"
STICKY = "stuck to the top on the blog: here an editor features posts on topic pages"


@dataclass(frozen=True)
class Decision:
    """The state a post gets here; with a reason why not where it gets none."""

    status: str = ""
    at: datetime | None = None
    reason: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def is_refused(self) -> bool:
        return not self.status


def decide(item: Item, *, now: datetime, zone: tzinfo) -> Decision:
    """Return what an item becomes; anything but "publish" and "future" is not public here."""
    if item.kind != "post":
        return Decision(reason=KINDS.get(item.kind, NO_POST))
    if item.status == "trash":
        return Decision(reason=IN_TRASH)
    if item.status in {"auto-draft", "inherit"}:
        return Decision(reason=UNSAVED)
    if len(item.content) > MOST:
        return Decision(reason=TOO_LONG)
    if not (item.number or item.guid or item.slug):
        return Decision(reason=NAMELESS)
    at = moment(item.date_gmt, item.date, zone, rfc=item.published)
    if item.has_password:
        return _draft(PROTECTED)
    if item.status == "publish":
        sticky = ((STICKY, ""),) if item.is_sticky else ()
        return Decision(Status.PUBLISHED, at, notes=sticky) if at else _draft(DATELESS)
    if item.status == "future":
        return Decision(Status.PUBLISHED, at) if at and at > now else _draft(MISSED)
    if item.status in {"draft", "pending"}:
        return Decision(Status.DRAFT if item.status == "draft" else Status.REVIEW)
    return _draft(PRIVATE if item.status == "private" else UNKNOWN)


def _draft(reason: str) -> Decision:
    return Decision(Status.DRAFT, notes=((reason, ""),))
