"""`/p/<number>` and the citation files: they lead to what is public, and tell of nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import html

from tests.factories import make_post

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_number_leads_to_its_post_wherever_that_moves(client, end, method):
    post = make_post(slug="first")
    post.slug = "second"
    post.save()
    response = getattr(client, method)(f"/p/{post.pk}{end}")
    assert (response.status_code, response["Location"]) == (301, "/second/")
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "values",
    [
        {"status": "draft"},
        {"status": "review", "published_at": None},
        {"published_at": timezone.now() + timedelta(days=9)},
    ],
    ids=["draft", "review", "scheduled"],
)
@pytest.mark.parametrize("ending", ["", ".bib", ".ris"])
def test_what_is_not_public_answers_like_a_number_nobody_has(client, values, ending):
    post = make_post(title="Unseenword", slug="unseenword", **values)
    response = client.get(f"/p/{post.pk}{ending}")
    assert response.status_code == client.get(f"/p/{post.pk + 1000}{ending}").status_code == 404
    assert "unseenword" not in response.content.decode().lower()


@pytest.mark.parametrize("ending", ["", ".bib", ".ris"])
def test_what_was_withdrawn_is_gone(client, ending):
    post = make_post(title="Unseenword")
    post.withdraw()
    response = client.get(f"/p/{post.pk}{ending}")
    assert (response.status_code, client.get(f"/{post.slug}/").status_code) == (410, 410)
    assert "Unseenword" not in response.content.decode()


@pytest.mark.parametrize(
    "path", ["0", "007", "1e3", "-1", "9" * 18, "9" * 90, "9" * 90 + ".bib", "٣"]
)
def test_no_number_at_all_is_404(client, path):
    assert client.get(f"/p/{path}").status_code == 404


@pytest.mark.parametrize(
    ("ending", "kind", "begins"),
    [
        (".bib", "application/x-bibtex; charset=utf-8", "@misc{"),
        (".ris", "application/x-research-info-systems; charset=utf-8", "TY  - BLOG\r\n"),
    ],
)
def test_a_citation_comes_as_a_file_in_two_queries(
    client, ending, kind, begins, django_assert_num_queries
):
    post = make_post(slug="a-post", title="Zahlen für Erfolge")
    with django_assert_num_queries(2):
        response = client.get(f"/p/{post.pk}{ending}")
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"] == f'attachment; filename="a-post{ending}"'
    assert response.content.decode().startswith(begins)
    assert "Zahlen für Erfolge" in response.content.decode()


def test_the_page_names_its_short_address_and_how_to_cite_it(client):
    post = make_post(slug="a-post", title="1 < 2")
    page = html.fromstring(client.get("/a-post/").content)
    short = f"http://testserver.test/p/{post.pk}"
    assert page.xpath("//link[@rel='shortlink']/@href") == [short]
    assert "‘1 < 2’" in page.get_element_by_id("cite").text_content()
    links = page.xpath("//*[@id='cite']//a/@href")
    assert links == [f"/p/{post.pk}", f"/p/{post.pk}.bib", f"/p/{post.pk}.ris"]


def test_reference_managers_find_what_they_look_for(client):
    post = make_post(slug="a-post", title="Paying & results")
    page = html.fromstring(client.get("/a-post/").content)
    tags = {tag.get("name"): tag.get("content") for tag in page.xpath("//meta[@name]")}
    assert tags["citation_title"] == "Paying & results"
    assert tags["citation_author"] == ", ".join(reversed(post.author.name.split()))
    assert tags["citation_publication_date"] == f"{timezone.localtime(post.published_at):%Y/%m/%d}"
    assert tags["citation_public_url"] == "http://testserver.test/a-post/"


@pytest.mark.parametrize("path", ["/p/0{}", "/p/0{}.bib", "/p/0{}.ris", "/sitemap-posts-01.xml"])
def test_a_number_is_written_in_one_way(client, path):
    assert client.get(path.format(make_post().pk)).status_code == 404
