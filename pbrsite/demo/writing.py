"""Load the demo's authors, tags, images and posts."""

import io
import re
import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from cabinet.models import Folder
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from pbrsite.demo.drawings import DRAWINGS
from posts import relatedness, search
from posts.models import (
    AnnouncedPart,
    Author,
    CoAuthor,
    Correction,
    Image,
    Post,
    RelatedChoice,
    Series,
    Tag,
    TagAlias,
)

FOLDER = Path(__file__).parent
IN_NAVIGATION = ["payment-by-results", "probation", "drugs-and-alcohol"]


def read(name: str) -> dict[str, Any]:
    """Return one of the demo's TOML files."""
    return tomllib.loads((FOLDER / name).read_text())


def load_writing(now: datetime) -> int:
    """Load everything an editor would have made; return the number of posts."""
    archive = read("archive.toml")
    authors = {row["slug"]: Author.objects.create(**row) for row in archive["authors"]}
    series = {row["slug"]: Series.objects.create(**row) for row in archive["series"]}
    for row in archive["announced"]:
        AnnouncedPart.objects.create(**{**row, "series": series[row["series"]]})
    tags = _load_tags(archive["tags"])
    images = {name: _draw(name) for name in DRAWINGS}
    for path in sorted((FOLDER / "posts").glob("*.html")):
        _, head, body = path.read_text().split("+++\n", 2)
        row = tomllib.loads(head)
        row["author"] = authors[row["author"]]
        row["co_authors"] = [authors[slug] for slug in row.get("co_authors", [])]
        row["series"] = series.get(row.get("series", ""))
        _load_post(row, body, tags=tags, images=images, now=now)
    for kind in ("pin", "ban"):
        _load_choices(archive.get(f"{kind}s", []), kind)
    for row in archive["corrections"]:
        _load_correction(row)
    posts = list(Post.objects.values_list("pk", flat=True))
    search.index(posts)
    for pk in posts:
        relatedness.relate(pk, with_neighbours=False)
    return len(posts)


def _load_tags(rows: list[dict[str, Any]]) -> dict[str, Tag]:
    plain = ("slug", "name", "kind", "description", "heading", "introduction")
    tags = {}
    for row in rows:
        values = {name: row[name] for name in plain if name in row}
        tags[row["slug"]] = Tag.objects.create(
            **values, is_in_navigation=row["slug"] in IN_NAVIGATION
        )
        for alias in row.get("aliases", []):
            TagAlias.objects.create(tag=tags[row["slug"]], name=alias)
    for row in rows:
        tags[row["slug"]].subtopics.set([tags[slug] for slug in row.get("subtopics", [])])
    return tags


def _draw(name: str) -> Image:
    data = io.BytesIO()
    DRAWINGS[name]().save(data, "PNG", optimize=True)
    folder, _ = Folder.objects.get_or_create(name="Images", parent=None)
    image = Image(folder=folder, credit="The editors")
    image.file = ContentFile(data.getvalue(), name=f"{name}.png")
    image.save()
    return image


def _load_post(
    row: dict[str, Any], body: str, *, tags: dict[str, Tag], images: dict[str, Image], now: datetime
) -> None:
    names = ("title", "slug", "standfirst", "excerpt", "author", "series", "series_position",
             "lead_image_alt", "lead_image_credit")  # fmt: skip
    post = Post(**{name: row[name] for name in names if row.get(name)})
    post.body = _with_drawings(body, images)
    post.lead_image = images.get(row.get("lead_image", ""))
    if "updated_on" in row:
        post.revised_at = datetime.combine(row["updated_on"], time(10), settings.ZONE)
    published_at = _published_at(row, now)
    if published_at:
        post.status, post.published_at = Post.Status.PUBLISHED, published_at
    post.save()
    chosen = [tags[slug] for slug in row["tags"]]
    post.tags.set(chosen)
    for place, author in enumerate(row["co_authors"], 1):
        CoAuthor.objects.create(post=post, author=author, position=place)
    post.topic = next((tag for tag in chosen if tag.kind == Tag.Kind.THEME), None)
    post.save(update_fields=["topic"])


def _published_at(row: dict[str, Any], now: datetime) -> datetime | None:
    if "publish_in_days" in row:
        day = timezone.localdate(now) + timedelta(days=row["publish_in_days"])
        return datetime.combine(day, time(9, 30), settings.ZONE)
    moment: datetime | None = row.get("published_at")
    return moment.replace(tzinfo=settings.ZONE) if moment else None


def _with_drawings(body: str, images: dict[str, Image]) -> str:
    """Return the body with `src="drawing:<name>"` replaced by the library's image and its size."""

    def attributes(match: re.Match[str]) -> str:
        image = images[match[1]]
        size = f'width="{image.image_width}" height="{image.image_height}"'
        return f'src="{image.image_file.url}" data-file="{image.pk}" {size}'

    return re.sub(r'src="drawing:([\w-]+)"', attributes, body)


def _load_choices(rows: list[dict[str, str]], verdict: str) -> None:
    for position, row in enumerate(rows, 1):
        RelatedChoice.objects.create(
            post=Post.objects.get(slug=row["post"]),
            related=Post.objects.get(slug=row["related"]),
            verdict=verdict,
            position=position,
        )


def _load_correction(row: dict[str, Any]) -> None:
    Correction.objects.create(
        post=Post.objects.get(slug=row["post"]),
        kind=row["kind"],
        text=row["text"],
        noted_at=row["noted_at"].replace(tzinfo=settings.ZONE),
    )
