"""How a post is passed on: plain links to each network's own page."""

from urllib.parse import quote, urlencode

from pbrsite.mail import absolute
from posts.models import Post


def links(post: Post) -> list[dict[str, str]]:
    """Return {"name", "url"} of each network's own share page: no script, no tracker."""
    url, title = absolute(post.get_absolute_url()), post.title
    return [
        {"name": "X", "url": "https://x.com/intent/post?" + urlencode({"text": title, "url": url})},
        {"name": "Facebook",
         "url": "https://www.facebook.com/sharer/sharer.php?" + urlencode({"u": url})},
        {"name": "LinkedIn",
         "url": "https://www.linkedin.com/sharing/share-offsite/?" + urlencode({"url": url})},
        {"name": "Bluesky",
         "url": "https://bsky.app/intent/compose?" + urlencode({"text": f"{title} {url}"})},
        {"name": "Link to this post", "url": url},
        {"name": "E-mail", "url": f"mailto:?subject={quote(title)}&body={quote(url)}"},
    ]  # fmt: skip
