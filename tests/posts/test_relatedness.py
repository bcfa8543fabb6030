"""Related posts: computed, stored, explained; pins and bans obeyed; only public ones shown."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts import relatedness, tasks, weighing
from posts.models import DocumentFrequency, Post, RelatedChoice, RelatedPost, Series, TermVector
from tests.factories import make_post, make_tag

pytestmark = pytest.mark.django_db

COHORT = "<p>The cohort of short-sentence prisoners and its reconviction rate.</p>"
TEACHING = "<p>Teachers in prison classrooms need better books and longer lessons.</p>"


def relate(post: Post) -> list[Post]:
    relatedness.relate(post.pk, with_neighbours=False)
    return post.related()


def stored() -> list[tuple]:
    rows = RelatedPost.objects.order_by("post", "position")
    return list(rows.values_list("pk", "post", "related", "position", "score", "reason"))


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


def test_parts_of_the_series_come_before_what_is_more_alike_and_after_pins():
    series = Series.objects.create(title="Payment explained", slug="payment-explained")
    first, third = (make_post(series=series, series_position=n, body=TEACHING) for n in (1, 3))
    alike, pinned = make_post(body=COHORT), make_post()
    post = make_post(series=series, series_position=2, body=COHORT)
    RelatedChoice.objects.create(post=post, related=pinned)
    assert relate(post)[:4] == [pinned, third, first, alike]
    assert post.relatives.get(related=third).explanation.startswith("same series")


def test_a_banned_part_of_the_series_is_not_shown():
    series = Series.objects.create(title="Payment explained", slug="payment-explained")
    part, post = (make_post(series=series, series_position=n) for n in (1, 2))
    RelatedChoice.objects.create(post=post, related=part, verdict="ban")
    assert relate(post) == []


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_an_unpublished_relative_is_not_stored_when_computed(status):
    tag = make_tag()
    hidden = make_post(tags=(tag,), status=status)
    relate(hidden)
    assert relate(make_post(tags=(tag,))) == []


def test_an_unpublished_part_of_the_series_is_not_stored():
    series = Series.objects.create(title="Payment explained", slug="payment-explained")
    make_post(series=series, series_position=1, status="draft")
    assert relate(make_post(series=series, series_position=2)) == []


def test_a_relative_withdrawn_later_leaves_no_gap():
    tag = make_tag()
    for _ in range(7):
        make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    shown = relate(post)
    shown[0].withdraw()
    assert len(post.related()) == 5
    assert shown[0] not in post.related()


def test_lists_that_held_a_withdrawn_post_are_filled_up_by_a_job(run_jobs):
    tag = make_tag()
    for _ in range(12):
        make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    relate(post)[0].withdraw()
    run_jobs()
    assert post.relatives.count() == relatedness.KEPT
    assert not post.relatives.filter(related__status="withdrawn").exists()


def test_a_pinned_draft_is_shown_only_once_it_is_public():
    draft = make_post(status="draft", published_at=None)
    post = make_post()
    RelatedChoice.objects.create(post=post, related=draft, verdict="pin")
    assert draft not in relate(post)
    draft.publish(at=timezone.now())
    assert post.related()[0] == draft


def test_a_new_post_enters_the_lists_of_those_it_is_beside():
    tag = make_tag()
    old = make_post(tags=(tag,))
    new = make_post(tags=(tag,))
    relatedness.relate(new.pk)
    assert old.related() == [new]


def test_publishing_brings_the_new_post_into_other_lists_by_jobs(run_jobs):
    tag = make_tag()
    old = make_post(tags=(tag,))
    relate(old)
    new = make_post(tags=(tag,), status="draft", published_at=None)
    new.publish(at=timezone.now())
    run_jobs()
    assert new.related() == [old]
    assert old.related() == [new]


def test_a_changed_post_leaves_the_lists_it_no_longer_belongs_to(run_jobs):
    changed, post = make_post(title="Alpha", body=COHORT), make_post(title="Beta", body=COHORT)
    for post_id in (changed.pk, post.pk):
        relatedness.relate(post_id)
    assert post.related() == [changed]
    changed.body, changed.excerpt = "<p>Gardens.</p>", ""
    changed.save()
    changed.reindex()
    run_jobs()
    assert post.related() == []


def test_running_the_job_twice_changes_no_row():
    tag = make_tag()
    make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    relatedness.relate(post.pk)
    first = stored()
    relatedness.relate(post.pk)
    assert first
    assert stored() == first


def test_the_whole_archive_and_one_post_give_the_same_lists():
    posts = [make_post(body=COHORT if number % 2 else TEACHING) for number in range(8)]
    for _ in relatedness.relate_all(timezone.now()):
        pass
    first = stored()
    for post in posts:
        relate(post)
    assert first
    assert stored() == first


def test_a_post_deleted_before_its_job_is_no_error(run_jobs):
    relatedness.relate(999_999)
    tasks.relate_posts.defer(post_ids=[999_999])
    assert run_jobs() == 1


def test_a_draft_is_given_a_list_for_its_editor():
    near = make_post(body=COHORT)
    draft = make_post(body=COHORT, status="draft", published_at=None)
    assert relate(draft) == [near]


def test_a_post_that_appeared_by_the_clock_is_found_overdue():
    post = make_post(published_at=timezone.now() - timedelta(minutes=1))
    Post.objects.update(related_at=timezone.now() - timedelta(days=1))
    assert relatedness.overdue() == [post.pk]
    relatedness.relate(post.pk)
    assert relatedness.overdue() == []


def test_posts_written_past_the_form_are_read_by_the_next_job(monkeypatch):
    monkeypatch.setattr(relatedness, "SMALL", 0)  # As in a large archive.
    relate(make_post(body=TEACHING))
    unread = make_post(body=COHORT)
    assert relate(make_post(body=COHORT))[0] == unread


def test_words_are_counted_anew_when_the_archive_has_grown():
    relate(make_post(body=COHORT))
    for number in range(3):
        post = make_post(body=f"<p>Peterborough {number}.</p>")
        list(weighing.weigh([post.pk]))
    tasks.recount_words(0)
    assert DocumentFrequency.objects.get(word=0).posts == 4
    counted = DocumentFrequency.objects.count()
    tasks.recount_words(0)
    assert DocumentFrequency.objects.count() == counted > 1


def test_deleting_a_post_deletes_its_vector():
    post = make_post()
    relate(post)
    post.delete()
    assert not TermVector.objects.exists()


def test_one_list_takes_as_many_queries_in_a_larger_archive(monkeypatch):
    monkeypatch.setattr(relatedness, "SMALL", 0)

    def queries() -> int:
        post = make_post(body=COHORT)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            relate(post)
        return len(captured)

    make_post(body=COHORT)
    queries()
    few = queries()
    for _ in range(10):
        relate(make_post(body=COHORT))
    assert queries() <= few


def test_the_page_reads_its_relatives_in_one_query(django_assert_num_queries):
    tag = make_tag()
    for _ in range(6):
        make_post(tags=(tag,))
    post = make_post(tags=(tag,))
    relate(post)
    with django_assert_num_queries(1):
        assert all(related.summary for related in post.related())
