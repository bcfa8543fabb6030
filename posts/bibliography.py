"""A post as others cite it: Harvard, BibTeX, RIS, and Highwire's tags for Zotero and Scholar.

Harvard follows "Cite them right" (blogs); RIS the specification of 2011; the tags what Google
Scholar's inclusion guidelines ask for. Pure: no query for a post fetched by `for_page`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pbrsite.characters import printable
from pbrsite.mail import absolute, one_line
from posts.models import Author, Post

NAMED = 3  # authors, before Harvard says "et al."
TITLES = re.compile(r"^(?:(?:dr|prof(?:essor)?|rev|mr|mrs|ms|mx)\.?\s+)+(?=\S)", re.IGNORECASE)
SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
TEX = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
})  # fmt: skip


@dataclass(frozen=True)
class Name:
    """An author's name in two parts; an organisation's, and a single one, is all `family`."""

    family: str
    given: str = ""

    @property
    def inverted(self) -> str:
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def initials(self) -> str:
        words = re.findall(r"\w+", self.given)
        return (
            f"{self.family}, {''.join(f'{word[0]}.' for word in words)}" if words else self.family
        )


def name_of(author: Author) -> Name:
    """Return the name taken apart: particles in small letters go with the surname (van der Berg).

    That is BibTeX's own rule for a "von part". Forms of address and what follows a comma are left
    out.
    """
    name = one_line(printable(author.name))
    if author.is_organisation:
        return Name(name)
    words = TITLES.sub("", name.partition(",")[0]).split()
    if len(words) < 2:
        return Name(" ".join(words) or name)
    last = len(words) - (2 if words[-1].lower() in SUFFIXES and len(words) > 2 else 1)
    start = next((at for at in range(1, last) if words[at].islower()), last)
    return Name(" ".join(words[start:]), " ".join(words[:start]))


@dataclass(frozen=True)
class Reference:
    """What a citation names; `url` is short and stays when the post's address changes."""

    number: int
    title: str
    names: tuple[Name, ...]
    published_on: date
    accessed_on: date
    url: str
    page_url: str
    topics: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/p/{self.number}"

    def harvard(self) -> SafeString:
        return format_html(
            "{} ({}) ‘{}’, <em>{}</em>, {}. Available at: {} (Accessed: {}).",
            _harvard_names(self.names),
            self.published_on.year,
            self.title,
            settings.SITE_NAME,
            f"{self.published_on.day} {self.published_on:%B}",
            self.url,
            f"{self.accessed_on.day} {self.accessed_on:%B %Y}",
        )

    def bibtex(self) -> str:
        """Return one entry in UTF-8, which the classic styles and biblatex both understand."""
        fields = {
            "author": " and ".join(_tex_name(name) for name in self.names),
            # The second pair of braces keeps the title's capitals.
            "title": f"{{{_tex(self.title)}}}",
            "howpublished": _tex(settings.SITE_NAME),
            "year": str(self.published_on.year),
            "day": str(self.published_on.day),
            "url": self.url,
            "urldate": self.accessed_on.isoformat(),
        }
        lines = "".join(f"  {field:<12} = {{{value}}},\n" for field, value in fields.items())
        # The one value without braces: a name of the month that each style says in its own way.
        month = f"  {'month':<12} = {MONTHS[self.published_on.month - 1]},\n"
        return f"@misc{{{self.key},\n{lines}{month}}}\n"

    @property
    def key(self) -> str:
        """Return a key of plain letters: surname, year and the post's number, which is unique."""
        plain = unicodedata.normalize("NFKD", self.names[0].family).encode("ascii", "ignore")
        family = re.sub(r"[^a-z]", "", plain.decode().lower()) or "post"
        return f"{family}{self.published_on.year}p{self.number}"

    def ris(self) -> str:
        """Return one record; each line ends as the specification wants it, in CRLF."""
        fields = [
            ("TY", "BLOG"),
            *[("AU", _ris_name(name)) for name in self.names],
            ("TI", self.title),
            ("T2", settings.SITE_NAME),
            ("PY", str(self.published_on.year)),
            ("DA", f"{self.published_on:%Y/%m/%d}/"),
            ("Y2", f"{self.accessed_on:%Y/%m/%d}/"),
            *[("KW", topic) for topic in self.topics],
            ("LA", "en-GB"),
            ("UR", self.url),
            ("ER", ""),
        ]
        return "".join(f"{tag}  - {one_line(printable(value))}\r\n" for tag, value in fields)

    def highwire(self) -> list[tuple[str, str]]:
        """Return names and contents of the meta elements; a blog has no volume and no journal."""
        day = f"{self.published_on:%Y/%m/%d}"
        return [
            ("citation_title", self.title),
            *[("citation_author", name.inverted) for name in self.names],
            ("citation_publication_date", day),
            ("citation_online_date", day),
            ("citation_language", "en-GB"),
            ("citation_public_url", self.page_url),
        ]


def reference(post: Post, now: datetime) -> Reference:
    """Return what cites the post, by the calendar of the site's zone."""
    published_at = post.published_at or now
    return Reference(
        number=post.pk,
        title=one_line(printable(post.display_title)),
        names=tuple(name_of(author) for author in post.byline()),
        published_on=published_at.astimezone(settings.ZONE).date(),
        accessed_on=now.astimezone(settings.ZONE).date(),
        url=absolute(f"/p/{post.pk}"),
        page_url=absolute(post.get_absolute_url()),
    )


def _harvard_names(names: tuple[Name, ...]) -> SafeString:
    said = [name.initials for name in names]
    if len(said) > NAMED:
        return format_html("{} <em>et al.</em>", said[0])
    *before, last = said
    return format_html("{} and {}", ", ".join(before), last) if before else format_html("{}", last)


def _tex(text: str) -> str:
    """Return the text with TeX's own signs as words.

    Braces are named in full: BibTeX counts them even behind a backslash, and an odd one would
    swallow the rest of a reader's file.
    """
    return text.translate(TEX)


def _tex_name(name: Name) -> str:
    """Return the name so that it is split as we did; in braces it is one whole, "and" and all."""
    if not name.given:
        return f"{{{_tex(name.family)}}}"
    return f"{_tex(name.family)}, {_tex(name.given)}"


def _ris_name(name: Name) -> str:
    """Return the name; a comma parts surname from first name, so an organisation's goes without."""
    return name.inverted if name.given else name.family.replace(",", "")
