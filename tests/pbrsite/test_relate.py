"""`manage.py relate`: the whole archive, single posts, or those that wait."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posts import relatedness
from posts.models import Post, RelatedPost
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def relate(*args: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("relate", *args, stdout=out)
    return out.getvalue()


def rows() -> list[tuple]:
    return list(RelatedPost.objects.order_by("pk").values_list("pk", "post", "related", "score"))


def test_the_whole_archive_is_related_and_a_second_run_changes_no_row():
    tag = make_tag()
    for _ in range(3):
        make_post(tags=(tag,))
    assert relate("--all") == "Related posts of 3 posts computed.\n"
    first = rows()
    relate("--all")
    assert len(first) == 6
    assert rows() == first


def test_scheduled_posts_are_related_and_drafts_left_alone():
    later = timezone.now() + timedelta(days=1)
    scheduled = make_post(published_at=later)
    make_post(status="draft", published_at=None)
    make_post()
    assert "2 posts" in relate("--all")
    assert RelatedPost.objects.get().post == scheduled


def test_one_post_is_related_with_those_beside_it():
    tag = make_tag()
    other, post = make_post(tags=(tag,)), make_post(tags=(tag,))
    relate(post.slug)
    assert post.related() == [other]
    assert other.related() == [post]


def test_without_an_argument_those_that_wait_are_related():
    waiting = make_post()
    related = make_post()
    relatedness.relate(related.pk)
    Post.objects.filter(pk=waiting.pk).update(related_at=None)
    assert "of 1 posts" in relate()
    assert relatedness.overdue() == []


@pytest.mark.parametrize(
    ("args", "said"),
    [(["no-such-post"], "No post has this address: no-such-post"), (["--all", "a"], "not both")],
)
def test_a_wrong_argument_is_said_plainly(args, said):
    with pytest.raises(CommandError, match=said):
        relate(*args)


def test_progress_is_shown_on_a_terminal_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    make_post()
    assert "Relating posts" not in relate("--all")
    assert "Relating posts" in relate("--all", out=Terminal())


def test_an_interrupted_run_says_so_and_keeps_what_it_has(monkeypatch):
    make_post(), make_post()

    def interrupted(*_: object) -> list[int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(relatedness, "_store", interrupted)
    with pytest.raises(CommandError, match="computed so far are stored"):
        relate("--all")
