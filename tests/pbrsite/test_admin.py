"""The admin's own addresses, those of no model."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from posts.models import Author
from tests.factories import make_author, make_member, make_post, make_staff

pytestmark = pytest.mark.django_db


def view_on_site(client, row, number: str = "{}"):
    kind = ContentType.objects.get_for_model(row)
    return client.get(f"/admin/r/{number.format(kind.pk)}/{row.pk}/")


@pytest.mark.parametrize(
    "values",
    [
        {"status": "draft"},
        {"status": "withdrawn"},
        {"published_at": timezone.now() + timedelta(days=1)},
    ],
    ids=["draft", "withdrawn", "scheduled"],
)
@pytest.mark.parametrize("number", ["{}", "%20{}", "+{}"])
def test_the_way_to_the_site_names_no_post_that_is_not_public(client, values, number):
    client.force_login(make_staff())
    assert view_on_site(client, make_post(**values), number).status_code == 404


def test_the_way_to_the_site_leads_to_what_is_public_and_open_to_whoever_asks(client):
    post = make_post()
    client.force_login(make_staff())
    assert view_on_site(client, post)["Location"].endswith(f"/{post.slug}/")
    client.force_login(make_member("Moderator"))
    assert view_on_site(client, post).status_code == 404
    assert view_on_site(client, make_author()).status_code == 404


@pytest.mark.parametrize("path", ["0/1", "x/1", "²/1", f"{'9' * 5000}/1", "{}/x", "{}/%00", "{}/²"])
def test_the_way_to_the_site_from_nowhere_is_a_404(client, path):
    client.force_login(make_staff())
    kind = ContentType.objects.get_for_model(Author)
    assert client.get(f"/admin/r/{path.format(kind.pk)}/").status_code == 404


def test_the_way_to_the_site_of_what_the_admin_does_not_show_is_a_404(client):
    client.force_login(make_staff())
    kind = ContentType.objects.get_for_model(ContentType)
    assert client.get(f"/admin/r/{kind.pk}/{kind.pk}/").status_code == 404
