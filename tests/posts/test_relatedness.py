"""Related posts: computed, stored, explained; pins and bans obeyed; only public ones shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts import relatedness, search
from posts.models import Post, RelatedChoice, RelatedPost
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db

COHORT = "<p>The cohort of short-sentence prisoners and its reconviction rate.</p>"
TEACHING = "<p>Teachers in prison classrooms need better books and longer lessons.</p>"


def relate(post: Post) -> list[Post]:
    search.index(list(Post.objects.values_list("pk", flat=True)))
    relatedness.relate(post.pk, with_neighbours=False)
    return post.related()


def test_a_rare_shared_tag_counts_more_than_a_common_one():
    common, rare = make_tag(), make_tag()
    for _ in range(8):
        make_post(tags=(common,))
    by_rare = make_post(tags=(rare,))
    post = make_post(tags=(common, rare))
    assert relate(post)[0] == by_rare


def test_posts_that_share_telling_words_are_related_without_any_tag():
    for _ in range(4):
        make_post(body=TEACHING)
    twin = make_post(title="Reconviction of a cohort", body=COHORT)
    post = make_post(title="Counting a cohort", body=COHORT)
    assert relate(post)[0] == twin


def test_the_reason_is_stored_in_an_editors_words():
    tag = make_tag(name="Justice Data Lab")
    make_post(tags=(tag,), body=COHORT)
    for _ in range(4):
        make_post(body=TEACHING)
    post = make_post(tags=(tag,), body=COHORT)
    relate(post)
    reason = post.relatives.get(position=1).explanation
    assert "1 shared tag: Justice Data Lab" in reason
    assert "cohort" in reason


def test_pins_come_first_in_their_order_and_bans_never():
    tag = make_tag()
    near, banned = make_post(tags=(tag,)), make_post(tags=(tag,))
    pinned_second, pinned_first = make_post(), make_post()
    post = make_post(tags=(tag,))
    for related, verdict, position in [
        (pinned_second, "pin", 2), (pinned_first, "pin", 1), (banned, "ban", 0),
    ]:  # fmt: skip
        RelatedChoice.objects.create(post=post, related=related, verdict=verdict, position=position)
    shown = relate(post)
    assert shown[:3] == [pinned_first, pinned_second, near]
    assert banned not in shown


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_an_unpublished_relative_is_not_stored_when_computed(status):
    tag = make_tag()
    make_post(tags=(tag,), status=status)
    assert relate(make_post(tags=(tag,))) == []


def test_a_relative_withdrawn_later_leaves_no_gap():
    tag = make_tag()
    for _ in range(7):
        make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    shown = relate(post)
    shown[0].withdraw()
    assert len(post.related()) == 5
    assert shown[0] not in post.related()


def test_a_pinned_draft_is_shown_only_once_it_is_public():
    draft = make_post(status="draft", published_at=None)
    post = make_post()
    RelatedChoice.objects.create(post=post, related=draft, verdict="pin")
    assert relate(post) == []
    draft.publish(at=timezone.now())
    assert post.related() == [draft]


def test_a_new_post_enters_the_lists_of_those_it_is_beside():
    tag = make_tag()
    old = make_post(tags=(tag,))
    new = make_post(tags=(tag,))
    search.index([old.pk, new.pk])
    relatedness.relate(new.pk)
    assert old.related() == [new]


def test_running_the_job_twice_stores_the_same_rows():
    tag = make_tag()
    make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    relate(post)
    first = list(RelatedPost.objects.values_list("post", "related", "position", "score"))
    relate(post)
    assert list(RelatedPost.objects.values_list("post", "related", "position", "score")) == first


def test_a_post_deleted_before_its_job_is_no_error():
    relatedness.relate(999_999)


def test_a_post_that_appeared_by_the_clock_is_found_overdue():
    post = make_post(published_at=timezone.now() - timedelta(minutes=1))
    Post.objects.update(related_at=timezone.now() - timedelta(days=1))
    assert relatedness.overdue() == [post.pk]
    relatedness.relate(post.pk)
    assert relatedness.overdue() == []


def test_the_page_reads_its_relatives_in_one_query(django_assert_num_queries):
    tag = make_tag()
    for _ in range(6):
        make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    relate(post)
    with django_assert_num_queries(1):
        assert all(related.summary for related in post.related())
