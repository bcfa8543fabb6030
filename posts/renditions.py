"""Renditions: an image of the library in the sizes and kinds that pages ask for.

Made by a job after the upload; until then the original stands in for each (see `posts.media`).
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image as Pillow

from posts.images import in_srgb
from posts.library import Image
from posts.pictures import FOLDER, KINDS, THUMBNAIL, WIDTHS, Picture

# Measured: a photograph 400 wide is 44 kB as JPEG, 34 as WebP, 22 as AVIF; a drawing 1600 wide
# is 143 kB as PNG, 33 as WebP, 28 as AVIF. A 12-megapixel upload takes 4 seconds for all sizes.
OPTIONS: dict[str, dict[str, object]] = {
    # One thread: a rendition is never in a hurry, and readers are served by the same cores.
    "avif": {"quality": 60, "speed": 6, "max_threads": 1},
    "webp": {"quality": 80, "method": 4},
}
Box = tuple[float, float, float, float]


def make(image_id: int, *, force: bool = False) -> int:
    """Make the renditions an image lacks and remove those of its former file; return how many.

    Idempotent; safe beside another run: a file appears whole or not at all.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is None:
        return 0
    picture = image.picture
    missing = [name for name in picture.renditions if force or not path_of(name).exists()]
    if missing:
        _make(picture, missing)
    _remove_others(picture)
    Image.objects.filter(pk=image_id).update(rendered_at=timezone.now())
    return len(missing)


def overdue(now: datetime) -> QuerySet[Image]:
    """Return images whose job was lost; one that fails is let rest after a day."""
    waited = (now - timedelta(days=1), now - timedelta(minutes=10))
    return Image.objects.filter(rendered_at=None, updated_at__range=waited)


def remove(image_id: int) -> None:
    shutil.rmtree(path_of(f"{FOLDER}/{image_id}"), ignore_errors=True)


def path_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def write(name: str, save: Callable[[Path], None]) -> None:
    """Have a file written beside its place and put there in one step."""
    place = path_of(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=place.parent, suffix=".part")
    os.close(handle)
    try:
        save(Path(draft))
        Path(draft).chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o644)
        Path(draft).replace(place)
    finally:
        Path(draft).unlink(missing_ok=True)


def opened(picture: Picture, *, least: int) -> Pillow.Image:
    """Return the picture decoded once, in red, green and blue, not much wider than asked.

    A JPEG is scaled while it is decoded: a 40-megapixel photograph takes 20 MB, not 160.
    """
    with Pillow.open(path_of(picture.name)) as source:
        source.draft("RGB", (least, least * max(1, picture.height) // max(1, picture.width)))
        source.load()
        image = in_srgb(source)
        has_alpha = "A" in image.mode or "transparency" in image.info
        return image.convert("RGBA" if has_alpha else "RGB")


def crop_box(size: tuple[int, int], ratio: float, focus: str) -> Box:
    """Return the largest box of that ratio in the image, as near to the focal point as it goes."""
    width, height = size
    across, down = (float(part) for part in focus.split("x"))
    wide, high = min(width, height * ratio), min(height, width / ratio)
    left = min(max(0.0, across * width - wide / 2), width - wide)
    top = min(max(0.0, down * height - high / 2), height - high)
    return left, top, left + wide, top + high


def cropped(image: Pillow.Image, size: tuple[int, int], focus: str) -> Pillow.Image:
    """Return the image cut to those proportions around its focal point, never enlarged."""
    box = crop_box(image.size, size[0] / size[1], focus)
    scale = min(1.0, size[0] / (box[2] - box[0]))
    target = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    return image.resize(target, Pillow.Resampling.LANCZOS, box=box)


def _make(picture: Picture, names: list[str]) -> None:
    image = opened(picture, least=WIDTHS[-1])
    for width in sorted(picture.widths, reverse=True):
        wanted = {kind: picture.rendition(width, kind) for kind in KINDS}
        if not set(wanted.values()) & set(names):
            continue
        height = max(1, round(width * picture.height / picture.width))
        scaled = image.resize((width, height), Pillow.Resampling.LANCZOS)
        for kind, name in wanted.items():
            _save(scaled, kind, name)
    if picture.thumbnail in names:
        _save(cropped(image, THUMBNAIL, picture.focus), "webp", picture.thumbnail)


def _save(image: Pillow.Image, kind: str, name: str) -> None:
    write(name, lambda path: image.save(path, kind.upper(), **OPTIONS[kind]))


def _remove_others(picture: Picture) -> None:
    wanted = {path_of(name) for name in picture.renditions}
    folder = path_of(f"{FOLDER}/{picture.pk}")
    for path in folder.iterdir() if folder.is_dir() else ():
        if path not in wanted and path.suffix in {".avif", ".webp"}:
            path.unlink(missing_ok=True)
