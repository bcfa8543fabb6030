"""Renditions: what is made of an image, what a page asks for, what a feed gets."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from PIL import Image as Pillow

from posts import pictures, rendering, renditions
from posts.models import Image
from tests.factories import make_post
from tests.posts.test_images import make_image, picture, pixel, with_gps

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def figure(image: Image) -> str:
    return f'<figure><img src="{image.image_file.url}" alt="A chart"></figure>'


def made(image: Image) -> dict[str, Pillow.Image]:
    """Make the renditions; return them opened, by the last part of their names."""
    renditions.make(image.pk)
    names = image.picture.renditions
    data = {name: io.BytesIO(renditions.path_of(name).read_bytes()) for name in names}
    return {name.partition("-")[2]: Pillow.open(data[name]) for name in names}


def test_an_upload_is_made_in_every_width_and_kind_by_a_job(run_jobs):
    image = make_image(picture(size=(2000, 1000)))
    run_jobs()
    found = made(image)
    assert set(found) == {f"{width}.{kind}" for width in (400, 800, 1200, 1600)
                          for kind in ("avif", "webp")} | {"thumb.webp"}  # fmt: skip
    assert found["1200.avif"].size == (1200, 600)
    assert found["1200.avif"].format == "AVIF"
    assert Image.objects.get().rendered_at


@pytest.mark.parametrize(
    ("width", "widths"),
    [(40, [40]), (400, [400]), (430, [430]), (1000, [400, 800, 1000]),
     (5000, [400, 800, 1200, 1600])],
)  # fmt: skip
def test_nothing_is_enlarged(width, widths):
    shown = pictures.Picture(pk=1, name="a.png", src="/a.png", width=width, height=width)
    assert shown.widths == widths


def test_made_twice_nothing_is_made_the_second_time():
    image = make_image()
    assert renditions.make(image.pk) == 3
    assert renditions.make(image.pk) == 0
    assert renditions.make(image.pk + 1000) == 0


def test_the_command_makes_what_is_missing(capsys):
    make_image()
    call_command("make_renditions")
    call_command("make_renditions")
    assert capsys.readouterr().out.split("\n")[:2] == [
        "3 files made for 1 images.", "0 files made for 1 images."
    ]  # fmt: skip


def test_a_rendition_has_no_camera_data_and_stands_upright():
    found = made(make_image(with_gps(), name="a.jpg"))
    for kept in found.values():
        assert not kept.getexif()
        assert b"GPS" not in repr(kept.info).encode()
    assert found["20.avif"].size == (20, 40)


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA", "L", "1"])
def test_every_mode_of_picture_gets_its_renditions(mode):
    assert set(made(make_image(picture(mode=mode)))) == {"40.avif", "40.webp", "thumb.webp"}


def test_an_animation_is_shown_as_it_is(run_jobs):
    frames = [Pillow.new("RGB", (600, 400), colour) for colour in ("red", "green")]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    image = make_image(data.getvalue(), name="a.gif")
    assert list(made(image)) == ["thumb.webp"]
    html = make_post(body=figure(image)).body_html
    assert "<picture" not in html
    assert f'src="{image.image_file.url}"' in html


def test_the_thumbnail_is_cut_around_the_focal_point():
    half = Pillow.new("RGB", (1000, 200), "white")
    half.paste("red", (500, 0, 1000, 200))
    data = io.BytesIO()
    half.save(data, "PNG")
    image = make_image(data.getvalue())
    image.image_ppoi = "1x0.5"
    image.save()
    red, green, *_ = pixel(made(image)["thumb.webp"])
    assert red > 200 > 60 > green


@pytest.mark.parametrize(
    ("size", "focus", "box"),
    [
        ((1000, 500), "0.5x0.5", (250, 0, 750, 500)),
        ((1000, 500), "0x0", (0, 0, 500, 500)),
        ((1000, 500), "0.9x0.5", (500, 0, 1000, 500)),
        ((500, 1000), "0.5x1", (0, 500, 500, 1000)),
    ],
)
def test_a_crop_holds_the_focal_point_and_stays_inside(size, focus, box):
    assert renditions.crop_box(size, 1.0, focus) == box


def test_a_body_offers_avif_then_webp_with_sizes_and_dimensions():
    image = make_image(picture(size=(1000, 500)))
    html = make_post(body=figure(image)).body_html
    kinds = re.findall(r'<source type="image/(\w+)" srcset="([^"]+)" sizes="[^"]+">', html)
    assert [kind for kind, _ in kinds] == ["avif", "webp"]
    assert re.findall(r"(\d+)w", kinds[0][1]) == ["400", "800", "1000"]
    assert 'width="1000"' in html
    assert 'loading="lazy" decoding="async"' in html


def test_the_images_of_a_body_cost_one_query(django_assert_num_queries):
    post = make_post(body="".join(figure(make_image()) for _ in range(5)))
    with django_assert_num_queries(1):
        post.render_body()


def test_a_feed_gets_the_plain_image_with_its_full_address(client):
    image = make_image(picture(size=(1000, 500)))
    make_post(body=f"<p>One</p>{figure(image)}<p>Two</p>")
    item = client.get("/feed/json/").json()["items"][0]["content_html"]
    assert "<picture" not in item
    assert "<source" not in item
    assert f'src="http://testserver.test{image.image_file.url}"' in item
    assert item.endswith("</figure><p>Two</p>")


def test_the_text_around_an_image_stays_where_it_was():
    image = make_image()
    html = rendering.render(
        f'<p>Before <img src="{image.image_file.url}" alt="x"> after</p>',
        {str(image.image_file.name): image.picture},
    ).html
    assert re.fullmatch(r"<p[^>]*><a[^>]*></a>Before <picture>.*</picture> after</p>", html)


def test_the_lead_image_comes_first_and_the_page_holds_its_place(client):
    image = make_image(picture(size=(1000, 500)))
    make_post(slug="a-post", lead_image=image, lead_image_alt="A chart")
    page = client.get("/a-post/").content.decode()
    lead = page[page.index("lead-image") : page.index("</figure>")]
    assert 'fetchpriority="high"' in lead
    assert "lazy" not in lead
    assert 'width="1000"' in lead
    assert 'type="image/avif"' in lead


def test_a_lost_job_is_found_by_the_clock_for_a_day():
    image, noon = make_image(), datetime(2026, 7, 9, 12, tzinfo=UTC)
    Image.objects.filter(pk=image.pk).update(rendered_at=None, updated_at=noon)
    assert list(renditions.overdue(noon + timedelta(minutes=5))) == []
    assert list(renditions.overdue(noon + timedelta(minutes=15))) == [image]
    assert list(renditions.overdue(noon + timedelta(days=2))) == []
