"""A post as an entry of a feed: all of it, or its excerpt, as the setting FEED_CONTENT says."""

from collections.abc import Iterable
from html import unescape
from mimetypes import guess_type

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html, strip_tags
from django.utils.text import Truncator

from pbrsite.mail import absolute
from pbrsite.syndication import Entry, Picture, Writer
from posts import corrections
from posts.models import Post, PostQuerySet, Series
from posts.rendering import absolute_links

ENTRIES = 20
WORDS = 60  # of a post for which nobody chose an excerpt


def newest(posts: PostQuerySet) -> tuple[Entry, ...]:
    """Return the public ones among these posts as a feed carries them; three queries."""
    found = list(posts.published().for_page().newest_first()[:ENTRIES])
    return of(found)


def of(posts: Iterable[Post]) -> tuple[Entry, ...]:
    """Return entries of posts fetched by `for_page`, in their order; one query for their series."""
    posts = list(posts)
    Series.objects.prefetch_outlines(posts)
    return tuple(_entry(post) for post in posts)


def _entry(post: Post) -> Entry:
    url = absolute(post.get_absolute_url())
    published_at = post.published_at or post.created_at
    return Entry(
        id=post.feed_id,
        url=url,
        title=post.display_title,
        html=_full(post) if settings.FEED_CONTENT == "full" else _excerpt(post),
        is_whole=settings.FEED_CONTENT == "full",
        published_at=published_at,
        # A correction of a post that is still to come does not make it older than its own day.
        updated_at=max(published_at, post.updated_at or published_at),
        writers=tuple(
            Writer(author.name, absolute(author.get_absolute_url())) for author in post.byline()
        ),
        summary=post.summary,
        # In an order of their own: the same feed has the same ETag.
        topics=tuple(sorted(tag.name for tag in post.tags.all())),
        comments_url=f"{url}#comments",
        picture=_picture(post),
    )


def _full(post: Post) -> str:
    """Return the post as a feed reader shows it: notices, picture, body, place in a series."""
    series = "posts/_series_note.html"
    parts = [
        corrections.feed_html(post),
        _figure(post),
        post.body_html,
        render_to_string(series, {"outline": post.outline}) if post.outline else "",
    ]
    return absolute_links("".join(parts), page=post.get_absolute_url())


def _excerpt(post: Post) -> str:
    """Return the chosen excerpt, or the first words, under the notices: these nobody may miss."""
    words = post.summary or _first_words(post.body_html)
    text = corrections.feed_html(post) + (format_html("<p>{}</p>", words) if words else "")
    return absolute_links(text, page=post.get_absolute_url())


def _first_words(body_html: str) -> str:
    text = strip_tags(body_html.replace("</p>", " </p>"))
    return Truncator(" ".join(unescape(text).split())).words(WORDS)


def _figure(post: Post) -> str:
    """Return the lead image, which stands above the body and not in it."""
    if not post.lead_image:
        return ""
    picture = post.lead_image.picture
    credit = format_html("<figcaption>{}</figcaption>", post.lead_image_credit)
    return format_html(
        '<figure><img src="{}" alt="{}" width="{}" height="{}">{}</figure>',
        picture.src,
        "" if post.lead_image_is_decorative else post.lead_image_alt,
        picture.width,
        picture.height,
        credit if post.lead_image_credit else "",
    )


def _picture(post: Post) -> Picture | None:
    if not post.lead_image:
        return None
    picture = post.lead_image.picture
    mime_type = guess_type(picture.name)[0] or "image/jpeg"
    alt = "" if post.lead_image_is_decorative else post.lead_image_alt
    return Picture(absolute(picture.src), mime_type, picture.width, picture.height, alt)
