"""The import as a whole: what becomes of each post; nothing becomes public that was not."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pbrsite.wordpress import aftermath, decisions, sorting, topics, writing
from posts import search
from posts.indexing import SearchEntry
from posts.models import Author, ImportedItem, Post, Redirect, RevisionNote, Tag
from tests.factories import make_author, make_post, make_tag
from tests.pbrsite.wordpress.exports import author, category, comment, item, tag, written

pytestmark = pytest.mark.slow

PRISONS = ("category", "prison-posts", "Prisons")


def notes(report, kind="post"):
    return {note["note"] for line in report["items"] if line["kind"] == kind
            for note in line.get("notes", [])}  # fmt: skip


def reasons(report):
    return {line["reason"] for line in report["reasons"]}


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


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"post_type": "page"}, decisions.KINDS["page"]),
        ({"post_type": "attachment"}, decisions.KINDS["attachment"]),
        ({"post_type": "product"}, decisions.NO_POST),
        ({"status": "trash"}, decisions.IN_TRASH),
        ({"status": "auto-draft"}, decisions.UNSAVED),
        ({"post_id": 0, "guid": "", "post_name": ""}, decisions.NAMELESS),
    ],
)
def test_what_is_left_out_is_said_with_its_reason(imported, values, reason):
    report = imported(item(**values))
    assert not Post.objects.exists()
    assert reason in reasons(report)


def test_a_second_run_writes_no_row(imported):
    pieces = [author("jo", "Jo"), category("prison", "Prisons"),
              item(post_id=1, terms=[PRISONS], comments=[comment(5)]), item(post_id=2)]  # fmt: skip
    imported(*pieces)
    with CaptureQueriesContext(connection) as queries:
        report = imported(*pieces)
    assert report["counts"]["post"] == {"created": 0, "updated": 0, "unchanged": 2, "skipped": 0}
    assert report["counts"]["comment"]["unchanged"] == 1
    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_a_post_changed_on_the_blog_is_changed_here(imported):
    imported(item(post_id=1, title="Old", post_name="old", terms=[PRISONS]))
    report = imported(item(post_id=1, title="New", post_name="new", terms=[]))
    post = Post.objects.get()
    assert report["counts"]["post"]["updated"] == 1
    assert (post.title, post.slug, post.tags.count()) == ("New", "new", 0)


def test_a_post_edited_here_is_not_overwritten(imported):
    imported(item(post_id=1, title="Old"))
    post = Post.objects.get()
    post.title = "Ours"
    post.save()
    unchanged = imported(item(post_id=1, title="Old", post_name=post.slug))
    changed = imported(item(post_id=1, title="Theirs", post_name=post.slug))
    assert Post.objects.get().title == "Ours"
    assert unchanged["counts"]["post"]["unchanged"] + changed["counts"]["post"]["skipped"] == 2
    assert sorting.EDITED in reasons(changed)


def test_a_post_deleted_here_stays_away_unless_asked_for(imported):
    piece = item(post_id=1, post_name="gone")
    imported(piece)
    Post.objects.get().delete()
    assert sorting.DELETED in reasons(imported(piece))
    assert not Post.objects.exists()
    imported(piece, again=True)
    assert Post.objects.get().slug == "gone"


def test_a_post_made_private_or_thrown_away_on_the_blog_is_withdrawn_here(imported, client):
    imported(item(post_id=1, post_name="a"), item(post_id=2, post_name="b"))
    imported(item(post_id=1, post_name="a", status="private"),
             item(post_id=2, post_name="b", status="trash"))  # fmt: skip
    assert set(Post.objects.values_list("status", flat=True)) == {"withdrawn"}
    assert client.get("/a/").status_code == client.get("/b/").status_code == 410


def test_a_number_of_another_blog_overwrites_nothing(imported):
    imported(item(post_id=7, title="First", post_name="first"))
    report = imported(
        item(post_id=7, title="Second", post_name="second", guid="https://b.test/?p=7"),
        address="https://b.test",
    )
    assert set(Post.objects.values_list("title", "wordpress_id")) == {
        ("First", 7),
        ("Second", None),
    }
    assert writing.NUMBERLESS in notes(report)


def test_another_post_under_the_same_address_and_number_is_kept_apart(imported):
    first = item(post_id=7, post_name="first", guid="https://old.example.org/first/")
    second = item(post_id=7, post_name="second", guid="https://old.example.org/second/")
    imported(first)
    imported(second)
    report = imported(second)
    assert report["counts"]["post"]["unchanged"] == 1
    assert set(Post.objects.values_list("slug", flat=True)) == {"first", "second"}


def test_two_posts_with_one_guid_are_two_posts(imported):
    guid = "https://old.example.org/?p=568"
    imported(item(post_id=7, guid=guid), item(post_id=8, guid=guid))
    assert Post.objects.count() == 2


def test_posts_without_a_number_are_found_again_by_guid(imported):
    piece = item(post_id=0, post_name="a", guid="https://old.example.org/a/")
    imported(piece)
    assert imported(piece)["counts"]["post"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("wanted", "slug"),
    [
        ("Peterborough-Pilot", "peterborough-pilot"),
        ("search", "search-post"),
        ("2014", "2014-post"),
        ("caf%c3%a9-society", "cafe-society"),
        ("%d7%91%d7%9c%d7%95%d7%92", "the-title"),
        ("x" * 200, "x" * 120),
        ("", "the-title"),
    ],
    ids=["letters", "reserved", "a year", "encoded", "another script", "long", "none"],
)
def test_addresses_are_kept_as_far_as_they_can_be(imported, client, wanted, slug):
    imported(item(post_name=wanted, title="The title"))
    assert Post.objects.get().slug == slug
    assert client.get(f"/{slug}/").status_code == 200


def test_a_doubled_address_is_told_and_both_posts_answer(imported, client):
    make_post(slug="taken")
    report = imported(item(post_id=1, post_name="taken"), item(post_id=2, post_name="taken"))
    assert set(Post.objects.values_list("slug", flat=True)) == {"taken", "taken-2", "taken-3"}
    assert writing.MOVED in notes(report)


@pytest.mark.parametrize(
    "old",
    ["/2014/05/06/pilot/", "/category/a/pilot/", "/blog/another-name/", "/?p=12",
     "/archives/12", "/2014/05/another-name.html", "/author/"],
)  # fmt: skip
def test_old_addresses_lead_to_the_post(imported, client, old):
    imported(item(post_id=12, post_name="pilot", link=f"https://old.example.org{old}"))
    assert client.get(old, follow=True).redirect_chain[-1][0] == "/pilot/"


def test_a_category_whose_address_differs_from_its_name_keeps_it(imported, client):
    imported(
        category("prison-posts", "Prisons", category_description="All about them"),
        tag("prisons", "Prisons"), tag("gaols", "PRISONS"),
        item(terms=[PRISONS, ("post_tag", "prisons", "Prisons")]),
    )  # fmt: skip
    found = Tag.objects.get()
    assert (found.slug, found.kind, found.description) == (
        "prison-posts",
        "theme",
        "All about them",
    )
    for old in ("/category/prison-posts/", "/tag/prisons/", "/tag/gaols/"):
        assert client.get(old, follow=True).redirect_chain[-1][0] == "/tag/prison-posts/"


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


def test_the_gate_reports_and_stops_nothing(imported):
    report = imported(item("<p>[/leftover-x] text</p>", title="t" * 120))
    assert Post.objects.published().exists()
    assert any(note.startswith(writing.GATE) for note in notes(report))


def test_no_revision_is_kept_until_somebody_edits(imported):
    imported(item())
    assert not RevisionNote.objects.exists()


def test_a_rehearsal_writes_nothing_and_says_the_same(imported):
    pieces = [author("jo", "Jo"), item(terms=[PRISONS], comments=[comment(5)])]
    rehearsed = imported(*pieces, dry_run=True)
    assert not Post.objects.exists()
    assert not Author.objects.exists()
    assert not ImportedItem.objects.exists()
    assert rehearsed["counts"] == imported(*pieces)["counts"]


def test_one_impossible_post_does_not_stop_the_others(imported, monkeypatch):
    bad = item(post_id=2, title="Bad", post_name="bad")
    monkeypatch.setattr(
        writing, "wanted_address", lambda item: item.slug + "x" * 200 * (item.number == 2)
    )
    report = imported(item(post_id=1), bad, item(post_id=3))
    assert report["counts"]["post"] == {"created": 2, "updated": 0, "unchanged": 0, "skipped": 1}


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_file_that_is_no_export_fails_in_one_sentence_and_changes_nothing(db, tmp_path, option):
    path = tmp_path / "page.xml"
    path.write_text("<html><body>Log in</body></html>")
    answer = io.StringIO()
    with pytest.raises(CommandError, match=r"Nothing was imported\. This is a web page"):
        call_command("import_wordpress", str(path), *option, stdout=answer)
    if option:
        assert "web page" in json.loads(answer.getvalue())["error"]


def test_a_folder_of_images_that_is_none_is_refused(db, tmp_path):
    with pytest.raises(CommandError, match="is no folder"):
        call_command("import_wordpress", str(written(tmp_path)), media=tmp_path / "nowhere")


def test_the_report_for_people_names_each_kind_and_reason(db, tmp_path):
    answer = io.StringIO()
    path = written(tmp_path, item(), item(post_type="page"))
    call_command("import_wordpress", str(path), stdout=answer)
    assert "old.example.org" in answer.getvalue()
    assert "a page: pages are left out" in answer.getvalue()


def test_the_queries_do_not_grow_with_the_posts(imported, django_assert_max_num_queries):
    few = [item(post_id=number, terms=[PRISONS]) for number in range(1, 4)]
    many = [
        item(post_id=number, terms=[PRISONS], comments=[comment(number)]) for number in range(4, 60)
    ]
    imported(*few)
    with django_assert_max_num_queries(60):
        imported(*few, *many)
    assert Post.objects.count() == 59


def test_nothing_is_left_of_the_old_blogs_redirects_but_what_is_needed(imported):
    imported(item(post_name="pilot", link="https://old.example.org/2014/05/06/pilot/"))
    assert not Redirect.objects.exists()


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


def test_a_second_run_indexes_only_what_was_left_without(imported, django_assert_num_queries):
    imported(item())
    with django_assert_num_queries(1):
        aftermath.catch_up()
    SearchEntry.objects.all().delete()
    aftermath.catch_up()
    assert SearchEntry.objects.count() == 1
