"""From a reader's small Markdown to HTML that is safe to show.

Paragraphs, emphasis, links, quotations, lists, code. markdown-it leaves HTML as text; nh3 then
lets through the allowed elements and nothing else, whatever the parser made.
"""

from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink

TAGS = {"p", "br", "a", "em", "strong", "blockquote", "code", "pre", "ul", "ol", "li"}


def _parser() -> MarkdownIt:
    # maxNesting of this preset is 20: a thousand `>` cost no more than twenty.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable("linkify")
    parser.disable(["html_block", "html_inline", "image", "heading", "lheading", "hr", "reference"])
    if parser.linkify is not None:
        # An address in the text stays text: a harvester gets no `mailto:`.
        parser.linkify.set({"fuzzy_email": False})
    parser.normalizeLinkText = _shown  # type: ignore[method-assign, assignment]
    return parser


def _shown(url: str) -> str:
    """Return a bare link's text; a foreign host as `xn--…`: no look-alike passes for the real."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        return url
    return url if host.isascii() else normalizeLink(url)


_markdown = _parser()


def render(text: str) -> str:
    """Return sanitised HTML; at most a few milliseconds for the longest comment.

    `url_relative="deny"` also stops `//host`, which nh3 passes otherwise.
    """
    return nh3.clean(
        _markdown.render(text),
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},  # "*": nh3 lets titles through else.
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="nofollow ugc noopener",
    ).strip()
