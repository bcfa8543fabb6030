"""What a post needs before readers see it: one small function per rule, in words that mend.

Each gets the post as it would go out and gives a sentence per fault that says where it is and what
to do. How much a fault weighs is the level of its rule: ours here, or what editors chose.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree, html

from pbrsite.characters import printable
from posts import links, rendering
from posts.models import Post
from posts.strictness import Level

LONGEST_TITLE = 100  # More is cut off in search results, in a mail's subject and on cards.
HEADINGS = ("h2", "h3", "h4")
BLOCKS = {"p", "li", "td", "th", "blockquote", "figcaption", *HEADINGS}
# Plug-ins' own names; a plain bracketed word ("[sic]", "[2019] EWCA", "[video]") is prose.
SHORTCODE = re.compile(
    r"""\[/?(?:caption|wp_caption|gallery|playlist|embed|contact-form(?:-7)?|wpforms|gravityform)
            (?:\s[^\[\]]*)?\]
      | \[/?[a-z]+(?:_[a-z0-9]+)+(?:\s[^\[\]]*)?\]        # [vc_row], [et_pb_section …]
      | \[[a-z][a-z0-9-]*(?:\s+[\w-]+\s*=\s*["'“”‘’″][^\[\]]*)\]  # [audio src="…"]
      | \[/[a-z][a-z0-9_-]*\]                           # [/audio]
    """,
    re.VERBOSE,
)
FILE_NAME = re.compile(
    r"^[^\s/]+\.(?:jpe?g|png|gif|webp|avif|svg|tiff?|bmp|heic)$"
    r"|^(?:img|dsc[nf]?|dcim|pict|image|photo|picture|screen ?shot|untitled)[-_ ]*[\d._ -]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A post as it would go out, saved or not, with its body read once."""

    post: Post
    has_tags: bool

    @cached_property
    def root(self) -> Any:
        body = printable(self.post.body)
        return html.fragment_fromstring(body or "<p></p>", create_parent="div")

    @cached_property
    def page(self) -> rendering.Rendering:
        return rendering.render(self.post.body, key=self.post.slug)

    @cached_property
    def links(self) -> dict[str, str]:
        """Return each address linked to, with the words of its first link."""
        found: dict[str, str] = {}
        for link in self.root.iter("a"):
            found.setdefault(link.get("href", ""), _words(link) or "a link without words")
        return found


@dataclass(frozen=True)
class Rule:
    name: str
    label: str
    level: Level
    check: Callable[[Candidate], Iterator[str]]


def _image_source(candidate: Candidate) -> Iterator[str]:
    for image in candidate.root.iter("img"):
        source = image.get("src", "")
        if not rendering.is_ours(source):
            yield (
                f"The image “{source[:80]}” is not in the media library. "
                "Upload it there, then choose it with the editor's picture button."
            )


def _image_alt(candidate: Candidate) -> Iterator[str]:
    for image in candidate.root.iter("img"):
        is_decorative = image.get("role") in {"presentation", "none"}
        if not image.get("alt", "").strip() and not is_decorative:
            yield (
                f"The image “{_file(image)}” has no alternative text. Select it, press the "
                "picture button and say what it shows, or mark it as decoration."
            )


def _alt_is_a_file_name(candidate: Candidate) -> Iterator[str]:
    said = [(f"“{_file(image)}”", image.get("alt", "")) for image in candidate.root.iter("img")]
    if candidate.post.lead_image_id:
        said.append(("the lead image", candidate.post.lead_image_alt))
    for name, alt in said:
        if FILE_NAME.match(alt.strip()):
            yield (
                f"The alternative text of {name} is “{alt.strip()}”, a file's name. "
                "Say what the image shows."
            )


def _lead_image_alt(candidate: Candidate) -> Iterator[str]:
    post = candidate.post
    is_said = post.lead_image_alt.strip() or post.lead_image_is_decorative
    if post.lead_image_id and not is_said:
        yield (
            "Say what the lead image shows, in “Alternative text” under Illustrate, "
            "or tick “Only decoration” there."
        )


def _excerpt(candidate: Candidate) -> Iterator[str]:
    excerpt = _plain(candidate.post.excerpt)
    if not excerpt:
        yield "Choose an excerpt under Write: the passage that lists and the noon e-mail show."
    elif f"{_plain(candidate.page.text)} ".startswith(f"{excerpt} "):
        yield (
            "The excerpt is simply the first words of the post. Choose the passage that makes "
            "somebody want to read on."
        )


def _tag(candidate: Candidate) -> Iterator[str]:
    if not candidate.has_tags:
        yield "Choose at least one tag under Classify, so that readers of its topic find the post."


def _shortcode(candidate: Candidate) -> Iterator[str]:
    post = candidate.post
    texts = {"title": post.title, "standfirst": post.standfirst, "excerpt": post.excerpt,
             "body": _prose(candidate.root) if "[" in post.body else ""}  # fmt: skip
    for place, text in texts.items():
        for code in dict.fromkeys(SHORTCODE.findall(text)):
            yield (
                f"The {place} holds a left-over shortcode, “{code[:60]}”, which readers would "
                "see as it stands. Delete it, or put what it stood for in its place."
            )


def _link_form(candidate: Candidate) -> Iterator[str]:
    for target, words in candidate.links.items():
        if not links.is_well_formed(target):
            yield (
                f"The link “{target[:80]}” on “{words}” leads nowhere. Write https:// in front "
                "of another site's address, or / in front of a page of ours."
            )


def _link_alive(candidate: Candidate) -> Iterator[str]:
    targets = [target for target in candidate.links if links.is_well_formed(target)]
    if not any(links.is_ours(target) for target in targets):
        return
    page = html.fragment_fromstring(candidate.page.html, create_parent="div")
    anchors = set(page.xpath("//@id"))
    for target in links.dead(targets, post=candidate.post, anchors=anchors):
        yield (
            f"The link “{target[:80]}” on “{candidate.links[target]}” leads to no page of this "
            "site that readers can open. Correct the address, or take the link off."
        )


def _title_length(candidate: Candidate) -> Iterator[str]:
    length = len(candidate.post.title)
    if length > LONGEST_TITLE:
        yield (
            f"The title has {length} characters; lists and e-mail subjects cut it off after "
            f"about {LONGEST_TITLE}. Shorten it, and say the rest in the standfirst."
        )


def _heading_order(candidate: Candidate) -> Iterator[str]:
    above = 1  # The title is the page's heading of the first level.
    for heading in candidate.root.iter(*HEADINGS):
        level = int(heading.tag[1])
        if level > above + 1:
            yield (
                f"The heading “{_words(heading)}” is of level {level} and the one before it of "
                f"level {above}. Make it level {above + 1}: screen readers walk by the levels."
            )
        above = level


RULES = (
    Rule("image_source", "Images come from the media library", Level.BLOCK, _image_source),
    Rule("image_alt", "Images in the text have alternative text", Level.BLOCK, _image_alt),
    Rule("lead_image_alt", "The lead image has alternative text", Level.BLOCK, _lead_image_alt),
    Rule("alt_file_name", "No file name as alternative text", Level.WARN, _alt_is_a_file_name),
    Rule("excerpt", "An excerpt is chosen", Level.BLOCK, _excerpt),
    Rule("tag", "There is at least one tag", Level.BLOCK, _tag),
    Rule("shortcode", "No shortcode is left over", Level.BLOCK, _shortcode),
    Rule("link_form", "Links are well formed", Level.BLOCK, _link_form),
    Rule("link_alive", "Links within the site lead somewhere", Level.BLOCK, _link_alive),
    Rule("heading_order", "No heading level is skipped", Level.WARN, _heading_order),
    Rule("title_length", "The title is not too long", Level.WARN, _title_length),
)


def _file(image: Any) -> str:
    return str(image.get("src", "")).rpartition("/")[2][:80]


def _words(element: Any) -> str:
    return " ".join(str(element.text_content()).split())[:60]


def _prose(root: Any) -> str:
    """Return the text without code, where a shortcode is an example."""
    said, inside = list[str](), 0  # XPath would look at each text once for every other one.
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_code = element.tag in {"code", "pre"}
        if event == "start":
            inside += is_code
            text = element.text
        else:
            inside -= is_code
            text = element.tail
        if text and not inside:
            said.append(text)
    return "\n".join(said)


def _plain(text: str) -> str:
    """Return the words alone, in small letters: an ellipsis or a dash makes no other passage."""
    return " ".join(re.findall(r"\w+", text.lower()))
