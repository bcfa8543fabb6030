"""Images: what may be uploaded, and how it is cleaned before it is kept."""

import hashlib
import io
import threading
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import models
from imagefield.fields import ImageField
from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
MOST_PIXELS = 50_000_000
MOST_FRAME_PIXELS = 150_000_000  # of all frames of an animation together
NO_IMAGE = (
    "This is not an image the site can show, whatever its name says. "
    "Save it as JPEG, PNG, WebP or GIF and choose it again."
)
DAMAGED = (
    "This image is damaged and cannot be read to its end. "
    "Open it in an image program, save it anew and choose that file."
)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_SRGB = ImageCms.createProfile("sRGB")
# One image of 50 megapixels takes 200 MB while it is decoded: one at a time in each process.
_one_at_a_time = threading.Lock()

# Pillow itself warns from here on and refuses from twice as many, while it reads the header;
# `validate_upload` refuses with plain words long before.
Image.MAX_IMAGE_PIXELS = 2 * MOST_PIXELS


class UploadField(forms.ImageField):
    """Django's field, which asks us before it opens the file: our refusals say what to do."""

    def to_python(self, data: Any) -> Any:
        if data not in self.empty_values:
            validate_upload(data)
        return super().to_python(data)


class ImageFileField(ImageField):
    """django-imagefield's field; what may come in is decided here, once, before it is decoded."""

    def formfield(self, **kwargs: Any) -> Any:
        messages = {"invalid_image": NO_IMAGE}
        options = {"form_class": UploadField, "error_messages": messages, **kwargs}
        return models.ImageField.formfield(self, **options)

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Take the upload as it is: cleaning decodes it to its end and speaks plainly."""
        models.ImageField.save_form_data(self, instance, data)


def validate_upload(upload: File) -> None:
    """Refuse what is too large, not an image, or an image that unpacks to too many pixels."""
    if upload.size and upload.size > settings.MEDIA_MAX_MB * 1_000_000:
        raise ValidationError(
            f"This file is {upload.size / 1_000_000:.0f} MB. "
            f"Choose one of at most {settings.MEDIA_MAX_MB} MB."
        )
    kind, pixels, frames = _look(upload)
    if kind not in EXTENSIONS:
        raise ValidationError(NO_IMAGE)
    if pixels > MOST_PIXELS:
        raise ValidationError(
            f"This image unpacks to more than {MOST_PIXELS // 1_000_000} megapixels. "
            "Scale it down and choose it again."
        )
    if frames > 1 and pixels * frames > MOST_FRAME_PIXELS:
        raise ValidationError(
            f"This animation of {frames} pictures is too large to unpack. "
            "Shorten it or make it smaller, or use one picture of it."
        )


def _look(upload: File) -> tuple[str, int, int]:
    """Return the kind, pixels and frames by the file's header; "" for what is no image."""
    try:
        upload.seek(0)
        with Image.open(upload) as image:
            return _kind(image), image.width * image.height, _frames(image)
    except BOMBS:
        return "PNG", MOST_PIXELS + 1, 1
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return "", 0, 0
    finally:
        upload.seek(0)


def _kind(image: Image.Image) -> str:
    """Return the format; a phone's MPO is a JPEG with further pictures after it."""
    return "JPEG" if image.format == "MPO" else image.format or ""


def _frames(image: Image.Image) -> int:
    return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))


def cleaned(upload: File) -> ContentFile:
    """Return the image decoded and written anew: upright, in sRGB, without camera data or GPS.

    An animation keeps its frames. Raises ValidationError as `validate_upload` does, also for a
    file whose header is right and whose data is broken. At most five bytes of memory a pixel,
    twice that for a photograph that has to be turned.
    """
    validate_upload(upload)
    output = io.BytesIO()
    try:
        with _one_at_a_time, Image.open(upload) as image:
            kind = _kind(image)
            (_write_frames if _frames(image) > 1 else _write_still)(image, kind, output)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, *BOMBS) as error:
        raise ValidationError(DAMAGED) from error
    stem = (upload.name or "image").replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    return ContentFile(output.getvalue(), name=f"{stem or 'image'}.{EXTENSIONS[kind]}")


def _write_frames(image: Image.Image, kind: str, output: io.BytesIO) -> None:
    options: dict[str, Any] = {"quality": 90} if kind == "WEBP" else {}
    if kind == "WEBP":  # Its writer would give all frames the first one's time.
        options["duration"] = [_duration(frame) for frame in ImageSequence.Iterator(image)]
        image.seek(0)
    for name in ("exif", "xmp", "comment", "icc_profile"):
        image.info.pop(name, None)
    image.save(output, kind, save_all=True, **options)


def _duration(frame: Image.Image) -> int:
    frame.load()  # A WebP says it only then.
    return int(frame.info.get("duration") or 100)


def _write_still(image: Image.Image, kind: str, output: io.BytesIO) -> None:
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # Otherwise it copies what is upright, too.
    upright = in_srgb(image)
    # What is not kept here is not written: no comment, no XMP, no thumbnail of what was cut off.
    upright.info = {key: value for key, value in upright.info.items() if key == "transparency"}
    options: dict[str, Any] = {"quality": 90} if kind in {"JPEG", "WEBP"} else {}
    if kind == "PNG" and upright.width * upright.height > 10_000_000:
        options["compress_level"] = 2  # Forty megapixels of noise: 3 seconds instead of 11.
    upright.save(output, kind, **options)


def in_srgb(image: Image.Image) -> Image.Image:
    """Return the image in the colours every screen understands, eight bits each.

    A profile that is broken, or of another kind of colour than the image, is left aside.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        mode = "RGB" if image.mode == "CMYK" else image.mode
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB") if image.mode in {"CMYK", "YCbCr", "LAB", "HSV"} else image


def is_animated(content: File) -> bool:
    content.seek(0)
    with Image.open(content) as image:
        animated = _frames(image) > 1
    content.seek(0)
    return animated


def checksum(content: File) -> str:
    """Return the SHA-256 of the file as kept, in hex: equal images are found by it."""
    content.seek(0)
    digest = hashlib.sha256(content.read()).hexdigest()
    content.seek(0)
    return digest
