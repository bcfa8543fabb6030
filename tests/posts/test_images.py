"""Uploads: what is refused with which words, and what is cleaned from what is kept."""

import io
import struct
import zlib

import pytest
from cabinet.models import Folder
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.PngImagePlugin import PngInfo

from posts import images
from posts.models import Image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(kind="PNG", size=(40, 20), mode="RGB", *, color=0, **options) -> bytes:
    output = io.BytesIO()
    Pillow.new(mode, size, color).save(output, kind, **options)
    return output.getvalue()


def pixel(image: Pillow.Image, x: int = 5, y: int = 5) -> tuple[int, ...]:
    """Return red, green, blue and opacity of one point."""
    found = image.convert("RGBA").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def make_image(data: bytes | None = None, name="photo.png") -> Image:
    image = Image(folder=Folder.objects.get(name="Images", parent=None))
    image.file = ContentFile(data or picture(), name=name)
    image.save()
    return image


def with_gps() -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # The camera lay on its side.
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif)


def test_camera_data_and_gps_are_gone_and_the_picture_is_upright():
    kept = Pillow.open(images.cleaned(ContentFile(with_gps(), name="a.jpg")))
    assert not kept.getexif()
    assert kept.size == (20, 40)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "LA"), ("GIF", "P"), ("JPEG", "CMYK"), ("JPEG", "L"),
     ("WEBP", "RGBA")],
)  # fmt: skip
def test_every_ordinary_kind_of_picture_is_kept(kind, mode):
    kept = images.cleaned(ContentFile(picture(kind, mode=mode), name="a.bin"))
    assert Pillow.open(kept).size == (40, 20)
    assert str(kept.name).endswith(images.EXTENSIONS[kind])


def test_an_animation_keeps_its_frames():
    output = io.BytesIO()
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:])
    kept = Pillow.open(images.cleaned(ContentFile(output.getvalue(), name="a.gif")))
    assert getattr(kept, "n_frames", 1) == 3


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_a_20_mb_file_is_refused_before_it_is_read():
    with pytest.raises(ValidationError, match=r"20 MB\. Choose one of at most 12 MB"):
        images.validate_upload(ContentFile(b"x" * 20_000_000, name="a.jpg"))


@pytest.mark.django_db
def test_an_image_is_cleaned_once_sized_and_summed():
    image = make_image(with_gps(), name="../../etc/Photo one.jpg")
    assert (image.image_width, image.image_height) == (20, 40)
    assert len(image.checksum) == 64
    assert ".." not in image.image_file.name
    before, image = image.checksum, Image.objects.get(pk=image.pk)
    with image.image_file.open() as file:
        assert not Pillow.open(file).getexif()
    Image.objects.get(pk=image.pk).save()
    assert Image.objects.get(pk=image.pk).checksum == before


@pytest.mark.django_db
def test_an_address_is_never_given_to_a_second_file():
    first, second = make_image(), make_image()
    assert first.image_file.name != second.image_file.name
    assert first.file_name == second.file_name == "photo.png"


def clean(data: bytes) -> Pillow.Image:
    return Pillow.open(images.cleaned(ContentFile(data, name="a.bin")))


def test_a_comment_xmp_and_colour_profile_are_gone_too():
    data = picture("JPEG", comment=b"Secret words", xmp=b"<x>Secret</x>", icc_profile=SRGB * 40)
    kept = images.cleaned(ContentFile(data, name="a.jpg")).read()
    assert b"Secret" not in kept
    assert len(kept) < 2000


def test_text_hidden_in_a_png_or_gif_is_gone():
    hidden = PngInfo()
    hidden.add_text("Author", "Secret words")
    for data in (picture("PNG", pnginfo=hidden), picture("GIF", mode="P", comment=b"Secret")):
        assert b"Secret" not in images.cleaned(ContentFile(data, name="a.png")).read()


def test_a_printers_colours_become_those_of_a_screen():
    cmyk = io.BytesIO()
    Pillow.new("CMYK", (40, 20), (0, 255, 255, 0)).save(cmyk, "JPEG")
    kept = clean(cmyk.getvalue())
    assert kept.mode == "RGB"
    red, green, *_ = pixel(kept)
    assert red > 200 > 80 > green


def test_sixteen_bits_become_eight_without_burning_out():
    data = io.BytesIO()
    Pillow.new("I;16", (40, 20), 0x8000).save(data, "PNG")
    kept = clean(data.getvalue())
    assert kept.mode == "L"
    assert kept.getpixel((5, 5)) in {127, 128}


def test_a_transparent_palette_stays_transparent():
    image = Pillow.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    data = io.BytesIO()
    image.save(data, "PNG", transparency=1)
    assert pixel(clean(data.getvalue()))[3] == 0


def test_a_phones_picture_of_two_is_its_first():
    output = io.BytesIO()
    first, second = Pillow.new("RGB", (40, 20), "red"), Pillow.new("RGB", (40, 20), "blue")
    first.save(output, "MPO", save_all=True, append_images=[second])
    kept = clean(output.getvalue())
    assert kept.format == "JPEG"
    assert getattr(kept, "n_frames", 1) == 1


def test_an_animated_webp_keeps_each_frames_time():
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    data = io.BytesIO()
    frames[0].save(data, "WEBP", save_all=True, append_images=frames[1:], duration=[50, 500, 90])
    kept = clean(data.getvalue())
    kept.seek(1)
    kept.load()
    assert (getattr(kept, "n_frames", 1), kept.info["duration"]) == (3, 500)


def test_forty_megapixels_are_taken():
    data = picture("JPEG", size=(7300, 5480), mode="L")
    assert clean(data).size == (7300, 5480)


def test_what_is_written_after_the_picture_is_not_kept():
    data = picture("JPEG") + b"<?php system($_GET['c']); ?><script>alert(1)</script>"
    kept = images.cleaned(ContentFile(data, name="a.php.jpg"))
    assert b"<?php" not in kept.read()


def claiming(width: int, height: int) -> bytes:
    """Return a PNG whose header claims that size, with a few bytes of data behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def text_bomb() -> bytes:
    """Return a small PNG with a note that unpacks to 80 MB."""
    note = b"a\0\0" + zlib.compress(b"a" * 80_000_000, 9)
    chunk = struct.pack(">I", len(note)) + b"zTXt" + note
    whole = picture()
    return whole[:33] + chunk + struct.pack(">I", zlib.crc32(b"zTXt" + note)) + whole[33:]


def many_frames() -> bytes:
    data = io.BytesIO()
    frames = [Pillow.new("1", (2500, 2500), number % 2) for number in range(30)]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    return data.getvalue()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SVG, "not an image the site can show"),
        (lambda: b"MZ\x90 a program", "not an image the site can show"),
        (lambda: picture("TIFF"), "not an image the site can show"),
        (lambda: b"", "not an image"),
        (lambda: picture()[:20], "not an image|damaged"),
        (lambda: picture("JPEG", size=(400, 400))[:700], "damaged"),
        (lambda: picture("PNG", size=(9000, 9000), mode="1"), "more than 50 megapixels"),
        (lambda: claiming(60_000, 60_000), "more than 50 megapixels"),
        (lambda: claiming(12_000, 12_000), "more than 50 megapixels"),
        (lambda: claiming(7_000, 7_000), "damaged"),
        (text_bomb, "not an image"),
        (many_frames, "animation of 30 pictures"),
        (lambda: b"<html><body>An image, honestly</body></html>", "not an image"),
        (lambda: b"<?php echo 1; ?>", "not an image"),
        (lambda: b"GIF89a<script>alert(1)</script>", "not an image|damaged"),
        (lambda: picture("JPEG", size=(900, 900))[:-300], "damaged"),
    ],
    ids=["svg", "program", "tiff", "empty", "header only", "no end", "too many pixels", "bomb",
         "small bomb", "claims more than it holds", "text bomb", "frames", "html", "php",
         "polyglot", "cut off"],
)  # fmt: skip
def test_a_file_that_will_not_do_is_refused_in_words(make, words):
    with pytest.raises(ValidationError, match=words):
        images.cleaned(ContentFile(make(), name="photo.jpg"))
