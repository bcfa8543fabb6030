"""Images: what may be uploaded, and how it is cleaned before it is kept."""

import hashlib
import io
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from imagefield.fields import ImageField
from PIL import Image, ImageOps, UnidentifiedImageError

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
MOST_PIXELS = 50_000_000
NO_IMAGE = (
    "This is not an image the site can show, whatever its name says. "
    "Save it as JPEG, PNG, WebP or GIF and choose it again."
)

# Pillow itself warns from here on and refuses from twice as many, while it reads the header;
# `validate_upload` refuses with plain words long before.
Image.MAX_IMAGE_PIXELS = 2 * MOST_PIXELS


class ImageFileField(ImageField):
    """django-imagefield's field, which looks at a file's size and header before it decodes it."""

    def formfield(self, **kwargs: Any) -> Any:
        messages = {"invalid_image": NO_IMAGE}
        options = {"validators": [validate_upload], "error_messages": messages, **kwargs}
        return super().formfield(**options)


def validate_upload(upload: File) -> None:
    """Refuse what is too large, not an image, or an image that unpacks to too many pixels."""
    if upload.size and upload.size > settings.MEDIA_MAX_MB * 1_000_000:
        raise ValidationError(
            f"This file is {upload.size / 1_000_000:.0f} MB. "
            f"Choose one of at most {settings.MEDIA_MAX_MB} MB."
        )
    try:
        upload.seek(0)
        with Image.open(upload) as image:
            kind, pixels = image.format or "", image.width * image.height
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        kind, pixels = "", 0
    finally:
        upload.seek(0)
    if kind not in EXTENSIONS:
        raise ValidationError(NO_IMAGE)
    if pixels > MOST_PIXELS:
        raise ValidationError(
            f"This image has {pixels / 1_000_000:.0f} megapixels. "
            f"Scale it to at most {MOST_PIXELS // 1_000_000} and choose it again."
        )


def cleaned(upload: File) -> ContentFile:
    """Return the image decoded and written anew: upright, without camera data or GPS.

    An animation keeps its frames and an ICC profile stays. Raises ValidationError as
    `validate_upload` does, also for a file whose header is right and whose data is broken.
    """
    validate_upload(upload)
    output = io.BytesIO()
    try:
        with Image.open(upload) as image:
            kind = str(image.format)
            _write_anew(image, kind, output)
    except (OSError, ValueError, SyntaxError) as error:
        raise ValidationError(
            "This image is damaged and cannot be read to its end. "
            "Open it in an image program, save it anew and choose that file."
        ) from error
    stem = (upload.name or "image").replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    return ContentFile(output.getvalue(), name=f"{stem or 'image'}.{EXTENSIONS[kind]}")


def _write_anew(image: Image.Image, kind: str, output: io.BytesIO) -> None:
    options: dict[str, Any] = {"quality": 90} if kind in {"JPEG", "WEBP"} else {}
    if getattr(image, "is_animated", False):
        image.info.pop("exif", None)
        image.save(output, kind, save_all=True, **options)
        return
    # A new image has no metadata at all; only what changes its colours is carried over.
    options |= {
        key: image.info[key] for key in ("icc_profile", "transparency") if key in image.info
    }
    upright = ImageOps.exif_transpose(image)
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    if upright.mode == "P" and (palette := upright.getpalette()):
        bare.putpalette(palette)
    bare.save(output, kind, **options)


def checksum(content: ContentFile) -> str:
    """Return the SHA-256 of the file as kept, in hex: equal images are found by it."""
    return hashlib.sha256(content.read()).hexdigest()
