"""What is published, said once: the queryset word and its instance twin."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from posts.models import Post, RelatedChoice, RelatedPost
from tests.factories import make_author, make_post, make_tag

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

VISIBILITY = [
    (Post.Status.DRAFT, None, False),
    (Post.Status.DRAFT, NOW - SECOND, False),
    (Post.Status.REVIEW, NOW - SECOND, False),
    (Post.Status.PUBLISHED, NOW - SECOND, True),
    (Post.Status.PUBLISHED, NOW, True),
    (Post.Status.PUBLISHED, NOW + SECOND, False),
    (Post.Status.WITHDRAWN, NOW - SECOND, False),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "published_at", "is_public"), VISIBILITY)
def test_published_means_the_same_to_queryset_and_instance(status, published_at, is_public):
    post = make_post(status=status, published_at=published_at)
    assert Post.objects.published(NOW).filter(pk=post.pk).exists() is is_public
    assert post.is_published(NOW) is is_public


@pytest.mark.django_db
def test_a_scheduled_post_appears_by_the_clock_alone():
    post = make_post(published_at=NOW + SECOND)
    assert list(Post.objects.scheduled(NOW)) == [post]
    assert list(Post.objects.published(NOW + SECOND)) == [post]
    assert not Post.objects.scheduled(NOW + SECOND).exists()


@pytest.mark.django_db
def test_publishing_makes_a_draft_public_and_asks_for_its_relatives(run_jobs):
    post = make_post(status=Post.Status.DRAFT, published_at=None)
    post.publish(at=NOW)
    assert post.is_published(NOW)
    assert run_jobs() == 1
    post.refresh_from_db()
    assert post.related_at is not None


@pytest.mark.django_db
def test_an_embargoed_post_is_out_when_the_embargo_ends_whoever_publishes_it():
    post = make_post(status=Post.Status.DRAFT, published_at=None, not_before=NOW + SECOND)
    post.publish(at=NOW)
    assert not post.is_published(NOW)
    assert post.published_at == NOW + SECOND


@pytest.mark.django_db
def test_withdrawing_keeps_the_row_and_hides_it():
    post = make_post()
    post.withdraw()
    assert not Post.objects.published().exists()
    assert Post.objects.get().published_at == post.published_at


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"status": "published", "published_at": None},
        {"status": "nonsense"},
        {"series_position": 2, "series": None},
        {"published_at": NOW, "not_before": NOW + SECOND},
    ],
    ids=[
        "published without a time",
        "unknown status",
        "part of no series",
        "out before its embargo",
    ],
)
def test_postgres_refuses_an_impossible_post(values):
    with pytest.raises(IntegrityError):
        make_post(**values)


@pytest.mark.django_db
def test_a_post_cannot_be_related_to_itself():
    post = make_post()
    with pytest.raises(IntegrityError):
        RelatedPost.objects.create(post=post, related=post, position=1, score=1)


@pytest.mark.django_db
def test_a_post_is_pinned_or_banned_but_not_both():
    post, other = make_post(), make_post()
    RelatedChoice.objects.create(post=post, related=other, verdict="pin")
    with pytest.raises(IntegrityError):
        RelatedChoice.objects.create(post=post, related=other, verdict="ban")


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["search", "admin", "tag", "2013", "u", "feed"])
def test_a_slug_cannot_shadow_another_page(slug):
    post = make_post(author=make_author())
    post.slug = slug
    with pytest.raises(ValidationError) as refusal:
        post.full_clean()
    assert "address of another page" in str(refusal.value)


@pytest.mark.django_db
def test_the_first_theme_becomes_the_topic_label():
    person, theme = make_tag(kind="person"), make_tag(kind="theme")
    post = make_post(tags=(person, theme))
    post.reindex()
    assert post.topic == theme


@pytest.mark.django_db
def test_the_body_is_sanitised_by_the_allow_list():
    post = make_post()
    post.body = '<p onclick="x()">Good <script>bad()</script><a href="javascript:x">link</a></p>'
    post.full_clean()
    assert "script" not in post.body
    assert "onclick" not in post.body


@pytest.mark.django_db
def test_a_digest_takes_only_our_own_new_posts():
    fresh = make_post(published_at=NOW - timedelta(days=1))
    make_post(published_at=NOW)  # on the stroke: for tomorrow
    make_post(published_at=NOW - timedelta(days=8))
    make_post(published_at=NOW - timedelta(days=1), is_mailed=False)
    make_post(published_at=NOW - timedelta(days=1), imported_at=NOW)
    assert list(Post.objects.for_digest(cutoff=NOW)) == [fresh]
