"""Social cards: what a link to a post looks like elsewhere."""

import io
import re

import pytest
from django.utils import timezone
from PIL import Image as Pillow

from posts import cards, renditions
from tests.factories import make_post
from tests.posts.test_images import make_image, picture, pixel
from tests.posts.test_media import get

pytestmark = pytest.mark.django_db


def card_in(client, post) -> tuple[str, str]:
    """Return the page and the path of the card it names."""
    page = client.get(post.get_absolute_url()).content.decode()
    found = re.search(r'og:image" content="http://testserver.test([^"]+)"', page)
    assert found
    return page, found[1]


def opened(response) -> Pillow.Image:
    return Pillow.open(io.BytesIO(response.body))


def test_without_a_lead_image_the_title_is_drawn(client):
    page, path = card_in(client, make_post(title="Counting what counts"))
    response = get(client, path)
    assert response["Content-Type"] == "image/png"
    assert opened(response).size == (1200, 630)
    assert "immutable" in response["Cache-Control"]
    assert 'og:image:width" content="1200"' in page
    assert 'og:image:alt" content="Counting what counts. Paying for Results"' in page
    assert 'twitter:card" content="summary_large_image"' in page


def test_a_lead_image_is_cut_around_its_focal_point(client):
    tall = Pillow.new("RGB", (1200, 3000), "white")
    tall.paste("red", (0, 2000, 1200, 3000))
    data = io.BytesIO()
    tall.save(data, "PNG")
    image = make_image(data.getvalue())
    image.image_ppoi = "0.5x0.9"
    image.save()
    page, path = card_in(client, make_post(lead_image=image, lead_image_alt="A red field"))
    kept = opened(get(client, path))
    assert (kept.format, kept.size) == ("JPEG", (1200, 630))
    assert pixel(kept, 600, 300)[1] < 60
    assert 'og:image:alt" content="A red field"' in page


def test_a_small_lead_image_is_not_enlarged(client):
    small = make_post(lead_image=make_image(picture(size=(800, 600))), lead_image_alt="x")
    tiny = make_post(lead_image=make_image(picture(size=(300, 200))), lead_image_alt="x")
    assert opened(get(client, card_in(client, small)[1])).size == (800, 420)
    assert card_in(client, tiny)[1].endswith(".png")


def test_a_transparent_lead_image_stands_on_paper(client):
    image = make_image(picture(size=(1300, 700), mode="RGBA"))
    _, path = card_in(client, make_post(lead_image=image, lead_image_alt="x"))
    assert min(pixel(opened(get(client, path)))) > 240


def test_another_title_is_another_address_and_the_old_one_leads_there(client):
    post = make_post(title="First")
    _, old = card_in(client, post)
    get(client, old)
    post.title = "Second"
    post.save()
    _, new = card_in(client, post)
    assert get(client, old)["Location"] == new
    assert get(client, new).status_code == 200
    assert len(list(renditions.path_of(cards.FOLDER).iterdir())) == 1


def test_a_retraction_is_said_on_the_card(client):
    post = make_post(title="First")
    _, old = card_in(client, post)
    post.corrections.create(kind="retraction", text="Withdrawn figures.", noted_at=timezone.now())
    page, new = card_in(client, post)
    assert new != old
    assert 'og:image:alt" content="Retracted: First' in page


@pytest.mark.parametrize(
    "status", ["draft", "review", "withdrawn"], ids=lambda status: f"of a {status}"
)
def test_the_card_of_what_is_not_public_is_nowhere(client, status):
    post = make_post()
    _, path = card_in(client, post)
    post.status = status
    post.save()
    assert get(client, path).status_code == 404


@pytest.mark.parametrize(
    "title", ["W" * 160, "Probation " * 16, "A", "Gŵyl – “ﬁ” Ωmega 漢字", "x\x07y"]
)
def test_a_title_never_runs_over_its_place(title):
    lines, size = cards.fitted(title, (1032, cards.TITLE_HEIGHT))
    assert all(cards._face(size, 650).getlength(line) <= 1040 for line in lines)
    assert len(lines) * round(size * 1.14) <= cards.TITLE_HEIGHT
    assert cards.draw(title).size == cards.SIZE


def test_a_card_costs_one_query(client, django_assert_num_queries):
    image = make_image(picture(size=(1300, 700)))
    _, path = card_in(client, make_post(lead_image=image, lead_image_alt="x"))
    with django_assert_num_queries(1):
        get(client, path)
