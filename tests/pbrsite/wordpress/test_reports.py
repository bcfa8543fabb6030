"""What an import says: of each item, of each kind, and why it did nothing."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from pbrsite.wordpress import decisions, writing
from posts.models import Author, ImportedItem, Post
from tests.pbrsite.wordpress.exports import (
    author,
    comment,
    item,
    notes,
    reasons,
    written,
)

pytestmark = pytest.mark.slow

PRISONS = ("category", "prison-posts", "Prisons")


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


def test_the_gate_reports_and_stops_nothing(imported):
    report = imported(item("<p>[/leftover-x] text</p>", title="t" * 120))
    assert Post.objects.published().exists()
    assert any(note.startswith(writing.GATE) for note in notes(report))


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
