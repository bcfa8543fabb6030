"""Items of one file that claim the same number: the first is kept, and stays."""

import pytest

from pbrsite.wordpress import importing, sorting
from posts.models import Post
from tests.pbrsite.wordpress.exports import item

GUID = "https://old.example.org/?p=7"


def twice(post_name="second", guid=GUID):
    return [
        item("<p>The first words.</p>", post_id=7, post_name="first", guid=GUID),
        item("<p>Other words.</p>", post_id=7, post_name=post_name, guid=guid),
    ]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("second", [{}, {"post_name": "first"}, {"post_name": "first", "guid": ""}])
def test_the_second_of_a_number_is_passed_over_in_words_on_every_run(
    imported, monkeypatch, second, size
):
    monkeypatch.setattr(importing, "BATCH", size)
    runs = [imported(*twice(**second)) for _ in range(3)]
    assert Post.objects.get().plain_text == "The first words."
    counts = [run["counts"]["post"] for run in runs]
    assert [run["skipped"] for run in counts] == [1, 1, 1]
    assert [run["updated"] for run in counts] == [0, 0, 0]
    assert {line["reason"] for run in runs for line in run["reasons"]} == {sorting.REPEATED}


def test_an_item_that_stands_twice_in_the_file_is_there_once(imported):
    piece = item(post_id=7, post_name="first", guid=GUID)
    report = imported(piece, item(post_id=8, post_name="other"), piece)
    assert Post.objects.count() == 2
    assert report["counts"]["post"]["skipped"] == 1
