"""What feed readers know an imported post by: the blog's own name, where it is one."""

import pytest

from posts.models import Post
from tests.pbrsite.wordpress.exports import item

GUID = "https://old.example.org/?p=7"


def test_an_imported_post_keeps_its_name_and_is_not_sent_out_again(imported, client):
    imported(item(post_id=7, guid=GUID))
    assert Post.objects.get().feed_id == GUID
    for path in ("/feed/", "/feed/atom/", "/feed/json/"):
        assert GUID in client.get(path).content.decode()


@pytest.mark.parametrize(
    "guid", ["", "7", "javascript:alert(1)", "https://a b/", "http://" + "x" * 300]
)
def test_what_is_no_address_is_no_name(imported, guid):
    imported(item(post_id=7, guid=guid))
    assert Post.objects.get().feed_id.startswith("urn:uuid:")


def test_two_posts_of_one_guid_have_names_of_their_own(imported):
    imported(item(post_id=7, guid=GUID), item(post_id=8, guid=GUID))
    first, second = Post.objects.order_by("wordpress_id")
    assert first.feed_id == GUID
    assert second.feed_id.startswith("urn:uuid:")


def test_a_later_run_moves_no_name(imported):
    imported(item("<p>Old.</p>", post_id=7, guid=""))
    name = Post.objects.get().feed_id
    imported(item("<p>New.</p>", post_id=7, guid=GUID))
    assert Post.objects.get().feed_id == name
