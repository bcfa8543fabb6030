"""Social cards: what a link to a post looks like elsewhere, 1200 by 630.

The lead image cut around its focal point; without one, the title in the site's face and colours.
A card's address holds a hash of everything on it, so that it may be kept for ever; it is drawn
when it is first asked for, once.
"""

import hashlib
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from posts import renditions
from posts.models import Post

RECIPE = 1  # Add one when cards are drawn otherwise: each then gets a new address.
FOLDER = "cards"
SIZE = (1200, 630)
LEAST_WIDTH = 600  # A smaller lead image would be a blurred stamp: the title says more.
MARGIN = 84
BRAND, PAPER, QUIET = "#7a1f2b", "#fffefb", "#efd9d3"
LARGEST, SMALLEST, TITLE_HEIGHT = 88, 40, 320
# Pillow reads woff2 by itself, so that the readers' file serves the cards too.
FACE = "pbrsite/fonts/source-serif-4-latin-wght-normal.woff2"
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Card:
    name: str  # below MEDIA_ROOT
    width: int
    height: int
    alt: str

    @property
    def url(self) -> str:
        return f"{settings.MEDIA_URL}{self.name}"


def card_of(post: Post) -> Card:
    """Return the card of a post with its lead image selected; no query, nothing drawn."""
    width, height = SIZE
    words = f"{post.display_title}. {settings.SITE_NAME}"
    if box := _lead_size(post):
        parts = ["lead", post.lead_image.picture.name, post.lead_image.picture.focus]
        return Card(_name(post, "jpg", parts), *box, alt=post.lead_image_alt or words)
    parts = ["title", post.display_title, settings.SITE_NAME, settings.SITE_STRAPLINE]
    return Card(_name(post, "png", parts), width, height, words)


def ensure(post: Post) -> Card:
    """Return the card of a post with its file in place; draws it when it is not, one at a time."""
    card = card_of(post)
    if renditions.path_of(card.name).exists():
        return card
    with _one_at_a_time:
        if renditions.path_of(card.name).exists():  # Somebody else was waiting for it, too.
            return card
        _save(post, card)
    for path in renditions.path_of(FOLDER).glob(f"{post.pk}-*"):
        if path.name != card.name.rpartition("/")[2]:
            path.unlink(missing_ok=True)
    return card


def draw(title: str) -> Pillow.Image:
    """Return the card of a title: as large as it fits, never past the edge."""
    image = Pillow.new("RGB", SIZE, BRAND)
    pen = ImageDraw.Draw(image)
    width, height = SIZE
    pen.text((MARGIN, 76), _known(settings.SITE_NAME), PAPER, _face(40, 700))
    pen.rectangle((MARGIN, 146, width - MARGIN, 150), fill=PAPER)
    pen.rectangle((MARGIN, 156, width - MARGIN, 157), fill=PAPER)
    foot = _face(28, 400)
    strapline = _lines(_known(settings.SITE_STRAPLINE), foot, width - 2 * MARGIN)[0]
    pen.text((MARGIN, height - 92), strapline, QUIET, foot)
    lines, size = fitted(title, (width - 2 * MARGIN, TITLE_HEIGHT))
    face, step = _face(size, 650), round(size * 1.14)
    top = 184 + (TITLE_HEIGHT - step * len(lines)) // 2
    for number, line in enumerate(lines):
        pen.text((MARGIN, top + number * step), line, PAPER, face)
    return image


def fitted(title: str, box: tuple[int, int]) -> tuple[list[str], int]:
    """Return the title's lines and size: the largest that fits the box.

    What does not fit at the smallest size ends in an ellipsis.
    """
    words = _known(title)
    for size in range(LARGEST, SMALLEST - 1, -4):
        lines = _lines(words, _face(size, 650), box[0])
        if len(lines) * round(size * 1.14) <= box[1]:
            return lines, size
    most = box[1] // round(SMALLEST * 1.14)
    return [*lines[: most - 1], lines[most - 1][:-1] + "…"], SMALLEST


def _lines(words: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Return the words in lines of that width; a word too long for one is broken."""
    lines = [""]
    for word in words.split() or [""]:
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if face.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _known(text: str) -> str:
    """Return the text in the letters the face has; others lose their marks (ŵ becomes w)."""
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(letter if letter in _letters() else _nearest(letter) for letter in plain)


def _nearest(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base in _letters() else "?"


@lru_cache(maxsize=1)
def _letters() -> frozenset[str]:
    """Return which letters of Latin script and which signs the face draws."""
    face = ImageFont.truetype(str(finders.find(FACE)), 24, layout_engine=ImageFont.Layout.BASIC)
    nothing = _drawn("\ufffe", face)
    codes = (*range(0x21, 0x250), *range(0x2010, 0x2040), 0x20AC, 0x2122, 0x2212)
    return frozenset({" ", *(chr(code) for code in codes if _drawn(chr(code), face) != nothing)})


def _drawn(letter: str, face: ImageFont.FreeTypeFont) -> bytes:
    sheet = Pillow.new("1", (48, 48))
    ImageDraw.Draw(sheet).text((8, 8), letter, 1, face)
    return sheet.tobytes()


@lru_cache(maxsize=32)
def _face(size: int, weight: int) -> ImageFont.FreeTypeFont:
    path = finders.find(FACE)
    face = ImageFont.truetype(str(path), size)
    face.set_variation_by_axes([weight])
    return face


def _lead_size(post: Post) -> tuple[int, int] | None:
    """Return the size of the card cut from the lead image, never enlarged; None without one."""
    if not post.lead_image:
        return None
    picture = post.lead_image.picture
    if not picture.width:
        return None
    left, _, right, _ = renditions.crop_box(
        (picture.width, picture.height), SIZE[0] / SIZE[1], picture.focus
    )
    width = min(SIZE[0], round(right - left))
    return (width, round(width * SIZE[1] / SIZE[0])) if width >= LEAST_WIDTH else None


def _name(post: Post, kind: str, parts: list[str]) -> str:
    digest = hashlib.sha256("|".join([str(RECIPE), *parts]).encode()).hexdigest()
    return f"{FOLDER}/{post.pk}-{digest[:16]}.{kind}"


def _save(post: Post, card: Card) -> None:
    if card.name.endswith(".png"):
        image = draw(post.display_title).quantize(64, dither=Pillow.Dither.NONE)
        renditions.write(card.name, lambda path: image.save(path, "PNG", optimize=True))
        return
    picture = post.lead_image.picture
    photo = renditions.opened(picture, least=2 * SIZE[0])
    paper = Pillow.new("RGB", photo.size, PAPER)  # A JPEG cannot be transparent.
    paper.paste(photo, mask=photo.getchannel("A") if photo.mode == "RGBA" else None)
    cut = renditions.cropped(paper, SIZE, picture.focus).resize((card.width, card.height))
    renditions.write(card.name, lambda path: cut.save(path, "JPEG", quality=85, progressive=True))
