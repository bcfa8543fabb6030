"""Uploads: what is refused with which words, and what is cleaned from what is kept."""

import io

import pytest
from cabinet.models import Folder
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image as Pillow

from posts import images
from posts.models import Image


def picture(kind="PNG", size=(40, 20), mode="RGB", **options) -> bytes:
    output = io.BytesIO()
    Pillow.new(mode, size).save(output, kind, **options)
    return output.getvalue()


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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SVG, "not an image the site can show"),
        (b"MZ\x90 a program", "not an image the site can show"),
        (picture("TIFF"), "not an image the site can show"),
        (picture("JPEG", size=(400, 400))[:700], "damaged"),
        (picture("PNG", size=(9000, 9000), mode="1"), "not an image|megapixels"),
        (picture()[:20], "not an image|damaged"),
        (b"", "not an image"),
    ],
    ids=["svg", "program", "tiff", "cut off", "too many pixels", "header only", "empty"],
)
def test_a_file_that_will_not_do_is_refused_in_words(data, words):
    with pytest.raises(ValidationError, match=words):
        images.cleaned(ContentFile(data, name="photo.jpg"))


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
def test_renditions_are_made_and_served(client):
    image = make_image(picture(size=(2000, 1000)))
    response = client.get(image.image_file.wide)
    assert response.status_code == 200
    assert "immutable" in response["Cache-Control"]
    assert Pillow.open(io.BytesIO(b"".join(response.streaming_content))).size == (1280, 640)


@pytest.mark.parametrize(
    "path", ["/media/../secret_key", "/media/images/../../secret_key", "/media/other/a.txt"]
)
@pytest.mark.django_db
def test_only_images_are_served(client, path):
    assert client.get(path).status_code in {400, 404}
