"""Files under /media/: public with the posts that use them, and not before or after."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from posts import media, previews, renditions
from posts.models import Post
from tests.factories import make_post, make_staff
from tests.posts.test_images import make_image, picture

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def get(client, url: str, *args, **kwargs):
    """Return the answer with its file read to the end, which closes it."""
    response = client.get(url, *args, **kwargs)
    if response.streaming:
        response.body = b"".join(response.streaming_content)
    return response


def using(image, **values) -> Post:
    return make_post(body=f'<p><img src="{image.image_file.url}" alt="x"></p>', **values)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 200),
        ({"status": "draft"}, 404),
        ({"status": "review"}, 404),
        ({"status": "withdrawn"}, 404),
        ({"published_at": NOW + timedelta(hours=1)}, 404),
        ({"published_at": NOW + timedelta(2), "not_before": NOW + timedelta(1)}, 404),
    ],
    ids=["public", "draft", "review", "withdrawn", "scheduled", "embargo"],
)
def test_an_image_is_as_public_as_the_posts_that_use_it(client, values, status):
    image = make_image()
    renditions.make(image.pk)
    using(image, **values)
    for url in (image.image_file.url, image.picture.thumbnail_url):
        assert get(client, url).status_code == status


def test_one_public_post_is_enough_and_a_lead_image_counts(client):
    image = make_image()
    using(image, status="draft")
    assert get(client, image.image_file.url).status_code == 404
    make_post(lead_image=image, lead_image_alt="x")
    assert get(client, image.image_file.url).status_code == 200


def test_an_image_of_no_post_is_not_public(client):
    response = get(client, make_image().image_file.url)
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain"


def test_a_public_file_is_kept_for_ever_and_answered_with_304(client):
    image = make_image()
    using(image)
    response = get(client, image.image_file.url)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    again = get(
        client, image.image_file.url, headers={"If-Modified-Since": response["Last-Modified"]}
    )
    assert again.status_code == 304


def test_until_it_is_made_the_original_stands_in_for_a_rendition(client):
    image = make_image(picture(size=(900, 300)))
    using(image)
    url = f"/media/{image.picture.rendition(400, 'avif')}"
    before = get(client, url)
    assert (before.status_code, before["Content-Type"]) == (200, "image/png")
    assert before["Cache-Control"] == "no-cache"
    renditions.make(image.pk)
    after = get(client, url)
    assert after["Content-Type"] == "image/avif"
    assert "immutable" in after["Cache-Control"]


@pytest.mark.parametrize(
    ("kind", "queries"), [("original", 1), ("rendition", 1), ("hidden", 1), ("nothing", 2)]
)
def test_a_file_costs_one_query(client, kind, queries, django_assert_num_queries):
    image = make_image()
    renditions.make(image.pk)
    using(image, status="draft" if kind == "hidden" else "published")
    small, original = image.picture.thumbnail_url, image.picture.src
    urls = {"nothing": f"{original}x", "hidden": small, "rendition": small, "original": original}
    with django_assert_num_queries(queries):
        get(client, urls[kind])


def test_a_pass_opens_the_images_of_its_post_alone(client):
    mine, other = make_image(), make_image()
    post = using(mine, status="draft")
    using(other, status="draft")
    shown = {"pass": previews.media_pass(post.pk, timezone.now())}
    response = get(client, mine.image_file.url, shown)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert get(client, other.image_file.url, shown).status_code == 404
    assert get(client, mine.image_file.url, {"pass": "1-99999999999.forged"}).status_code == 404


def test_a_pass_of_the_desk_opens_any_image(client):
    shown = {"pass": previews.media_pass(previews.ANY_IMAGE, timezone.now())}
    assert get(client, make_image().image_file.url, shown).status_code == 200


def test_staff_see_every_image_by_a_cookie_for_media_alone(client, django_assert_num_queries):
    image = make_image()
    client.force_login(make_staff())
    cookie = client.get("/admin/").cookies[media.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/media/", True, "Lax")
    with django_assert_num_queries(1):
        response = get(client, image.image_file.url)
    assert response["Cache-Control"] == "private, no-store"


def test_the_cookie_is_worthless_after_its_time_or_when_its_owner_left(client):
    image, staff = make_image(), make_staff()
    client.force_login(staff)
    client.get("/admin/")
    late = media._staff_pk(client.cookies[media.COOKIE].value, timezone.now() + timedelta(hours=13))
    assert late is None
    User.objects.filter(pk=staff.pk).update(is_active=False)
    assert get(client, image.image_file.url).status_code == 404


def test_a_cookie_comes_only_to_who_may_see_the_library_and_goes_at_the_log_out(client):
    user = User.objects.create_user("moderator", is_staff=True)
    client.force_login(user)
    assert media.COOKIE not in client.get("/admin/").cookies
    user.user_permissions.add(Permission.objects.get(codename="view_image"))
    assert media.COOKIE in client.get("/admin/").cookies
    assert client.post("/admin/logout/").cookies[media.COOKIE]["max-age"] == 0


@pytest.mark.parametrize("forged", ["", "1", "1-99999999999", "1-9.x", "é.é", "\x00"])
def test_a_forged_cookie_opens_nothing(forged):
    assert media._staff_pk(forged, timezone.now()) is None


@pytest.mark.parametrize(
    "path",
    ["images/../../secret_key", "images/%2e%2e/%2e%2e/secret_key", "images//etc/passwd",
     "renditions/1/../../secret_key", "cards/../secret_key", "images/\x00.png",
     "images/" + "a" * 900, "renditions/999999999999999999/0123456789ab-400.avif",
     "__processed__/a.png"],
)  # fmt: skip
def test_no_path_leads_out_of_the_library(client, path):
    client.cookies[media.COOKIE] = media._staff.sign(f"{make_staff().pk}-99999999999")
    assert get(client, f"/media/{path}").status_code in {400, 404}


def test_a_page_from_before_a_new_focal_point_still_gets_its_thumbnail(client):
    image = make_image()
    using(image)
    old = image.picture.thumbnail_url
    image.image_ppoi = "0.2x0.2"
    image.save()
    assert get(client, old)["Location"] == image.picture.thumbnail_url
