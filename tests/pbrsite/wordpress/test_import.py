"""The import as a whole: what becomes of each post; nothing becomes public that was not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from pbrsite.wordpress import decisions, topics, writing
from posts import search
from posts.models import Author, ImportedItem, Post, RevisionNote, Tag
from tests.factories import make_author, make_tag
from tests.pbrsite.wordpress.exports import (
    author,
    category,
    comment,
    item,
    notes,
    reasons,
)

pytestmark = pytest.mark.slow

PRISONS = ("category", "prison-posts", "Prisons")


def test_a_post_arrives_whole_and_its_page_answers(imported, client):
    report = imported(
        author("jo", "Jo Reed"),
        item("One.\n\nTwo.", post_id=12, post_name="Peterborough",
             title="Peterborough &amp; <em>us</em>",
             terms=[PRISONS, ("post_tag", "moj", "MoJ")], excerpt="<p>Chosen.</p>"),
    )  # fmt: skip
    post = Post.objects.get()
    assert (post.title, post.slug, post.excerpt) == ("Peterborough & us", "peterborough", "Chosen.")
    assert (post.author.name, post.author.slug) == ("Jo Reed", "jo")
    assert post.topic == Tag.objects.get(slug="prison-posts")
    assert {tag.name for tag in post.tags.all()} == {"Prisons", "MoJ"}
    assert post.published_at == datetime(2014, 5, 6, 9, 30, tzinfo=UTC)
    assert report["counts"]["post"]["created"] == 1
    page = client.get("/peterborough/").content.decode()
    assert post.body.replace("\n", "") == "<p>One.</p><p>Two.</p>"
    assert "One.</p>" in page
    assert "Two.</p>" in page


def test_an_imported_post_is_never_mailed_nor_open_nor_called_updated(imported):
    imported(item(post_modified_gmt="2020-01-01 00:00:00"))
    post = Post.objects.get()
    assert post.imported_at
    assert not post.is_open_to_comments
    assert post.revised_at is None
    assert ImportedItem.objects.get(modified_at__year=2020).row_pk == post.pk


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"status": "publish"}, "published"),
        ({"status": "draft", "post_name": "", "post_date_gmt": "0000-00-00 00:00:00"}, "draft"),
        ({"status": "pending"}, "review"),
        ({"status": "private"}, "draft"),
        ({"status": "publish", "post_password": "secret"}, "draft"),
        ({"status": "future", "post_date_gmt": "2015-01-01 00:00:00"}, "draft"),
        ({"status": "spam-checked"}, "draft"),
        ({"status": ""}, "draft"),
        ({"status": "publish", "post_date": "", "post_date_gmt": ""}, "draft"),
    ],
    ids=["public", "draft", "pending", "private", "password", "missed its schedule", "custom",
         "none", "without a date"],
)  # fmt: skip
def test_the_state_is_kept_and_doubt_is_a_draft(imported, client, values, status):
    imported(item(**values))
    post = Post.objects.get()
    assert post.status == status
    answer = client.get(post.get_absolute_url()).status_code
    assert answer == (200 if status == "published" else 404)


def test_a_scheduled_post_appears_by_the_clock(imported, client):
    at = timezone.now() + timedelta(days=3)
    imported(item(status="future", post_date_gmt=f"{at:%Y-%m-%d %H:%M:%S}"))
    post = Post.objects.get()
    assert post.is_scheduled()
    assert client.get(post.get_absolute_url()).status_code == 404


def test_a_narrower_category_becomes_a_sub_topic(imported):
    imported(category("law", "Law"), category("sentencing", "Sentencing", category_parent="law"))
    assert [tag.slug for tag in Tag.objects.get(slug="law").subtopics.all()] == ["sentencing"]


def test_a_topic_that_is_here_is_used_and_the_name_for_none_is_left_out(imported, client):
    known = make_tag(name="prisons", slug="prisons")
    report = imported(item(terms=[PRISONS, ("category", "uncategorized", "Uncategorized")]))
    assert list(Post.objects.get().tags.all()) == [known]
    assert {topics.SAME_NAME, topics.UNFILED} <= reasons(report)
    assert client.get("/category/uncategorized/").headers["Location"] == "/archive/"


def test_an_author_who_is_here_is_used_and_an_unknown_one_made(imported):
    known = make_author(name="Jo Reed", slug="jo")
    imported(author("jo", "Jo Reed"), item(), item(creator="guest writer"))
    assert Post.objects.filter(author=known).count() == 1
    assert Author.objects.exclude(pk=known.pk).get().slug == "guest-writer"


def test_an_address_used_as_a_log_in_is_no_authors_name(imported):
    imported(item(creator="jane.doe@example.org"))
    writer = Author.objects.get()
    assert (writer.name, writer.slug) == ("jane doe", "jane-doe")
    assert "@" not in "".join(ImportedItem.objects.values_list("key", flat=True))


def test_what_is_too_long_is_cut_at_a_word_and_said(imported):
    report = imported(
        author("jo", "Jo " * 80), item(title="word " * 60, terms=[("post_tag", "t", "tag " * 60)])
    )
    post = Post.objects.get()
    assert post.title.endswith("word…")
    assert len(post.title) <= 160
    assert len(post.author.name) <= 120
    assert len(Tag.objects.get().name) <= 100
    assert writing.CUT in notes(report)


def test_a_post_without_title_or_excerpt_gets_them_of_its_own_words(imported):
    long = "Payment by results is an idea. " * 20
    report = imported(item(f"<p>{long}</p>", title=""))
    post = Post.objects.get()
    assert post.title.startswith("Payment by results is an idea")
    assert post.excerpt.endswith("idea.")
    assert len(post.excerpt) <= 300
    assert {writing.UNTITLED, writing.MADE_UP} <= notes(report)


def test_what_stood_before_read_more_is_the_excerpt(imported):
    imported(item("The teaser.<!--more-->The rest."))
    assert Post.objects.get().excerpt == "The teaser."


def test_imported_posts_are_found_at_once_and_related_by_the_worker(imported, run_jobs):
    imported(item("<p>Peterborough cohorts</p>"), item("<p>Peterborough pilots</p>"),
             item("<p>Peterborough secrets</p>", status="draft"))  # fmt: skip
    assert search.within(Post.objects.published(), "peterborough").count() == 2
    run_jobs()
    assert Post.objects.published().exclude(related_at=None).count() == 2


def test_no_revision_is_kept_until_somebody_edits(imported):
    imported(item())
    assert not RevisionNote.objects.exists()


def test_the_queries_do_not_grow_with_the_posts(imported, django_assert_max_num_queries):
    few = [item(post_id=number, terms=[PRISONS]) for number in range(1, 4)]
    many = [
        item(post_id=number, terms=[PRISONS], comments=[comment(number)]) for number in range(4, 60)
    ]
    imported(*few)
    with django_assert_max_num_queries(60):
        imported(*few, *many)
    assert Post.objects.count() == 59


def test_a_body_longer_than_a_page_can_be_is_left_out_and_said(imported, monkeypatch):
    monkeypatch.setattr(decisions, "MOST", 40)
    report = imported(item("<p>" + "word " * 10), item("<p>Short."))
    assert Post.objects.count() == 1
    assert decisions.TOO_LONG in reasons(report)


def test_a_post_whose_words_are_all_lost_is_no_public_page(imported):
    report = imported(item("<script>All it said.</script>", post_name="lost"), item("<br>"))
    assert Post.objects.get(slug="lost").status == Post.Status.DRAFT
    assert Post.objects.published().count() == 1
    assert writing.LOST in notes(report)
