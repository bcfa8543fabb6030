"""How like posts are: by tags, words, phrases, author and time; near-duplicates; the reasons."""

from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from posts import relatedness
from posts.models import Post, RelatedChoice
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db

COHORT = "<p>The cohort of short-sentence prisoners and its reconviction rate.</p>"
TEACHING = "<p>Teachers in prison classrooms need better books and longer lessons.</p>"


def relate(post: Post) -> list[Post]:
    relatedness.relate(post.pk, with_neighbours=False)
    return post.related()


def essay(seed: int, *, words: int = 80) -> str:
    """Return a text long enough to be compared with its near-duplicates."""
    letters = Random(seed)  # noqa: S311 (no secret)
    return " ".join("".join(letters.choices("bdgklmnprtvz", k=6)) for _ in range(words))


def test_a_rare_shared_tag_counts_more_than_a_common_one():
    common, rare = make_tag(), make_tag()
    for _ in range(8):
        make_post(tags=(common,))
    by_rare = make_post(tags=(rare,))
    post = make_post(tags=(common, rare))
    assert relate(post)[0] == by_rare


def test_a_shared_organisation_counts_more_than_a_theme_as_rare():
    theme, organisation = make_tag(name="Alpha"), make_tag(name="Bravo", kind="organisation")
    by_organisation = make_post(tags=(organisation,))
    make_post(tags=(theme,))
    for _ in range(4):
        make_post(body=TEACHING)
    assert relate(make_post(tags=(theme, organisation)))[0] == by_organisation


def test_posts_that_share_telling_words_are_related_without_any_tag():
    for _ in range(4):
        make_post(body=TEACHING)
    twin = make_post(title="Reconviction of a cohort", body=COHORT)
    post = make_post(title="Counting a cohort", body=COHORT)
    assert relate(post)[0] == twin


def test_a_phrase_in_common_counts_more_than_its_words_apart():
    apart = make_post(body="<p>Results differ. Nobody knows what any payment should be.</p>")
    together = make_post(body="<p>Nobody knows what any payment by results should be.</p>")
    for _ in range(4):
        make_post(body=TEACHING)
    post = make_post(body="<p>What payment by results means.</p>")
    shown = relate(post)
    assert shown.index(together) < shown.index(apart)


def test_of_two_posts_equally_like_it_the_newer_comes_first():
    now = timezone.now()
    old, new = (
        make_post(title="Cohort", slug=slug, excerpt="", published_at=now - timedelta(days=days),
                  body=COHORT)
        for slug, days in [("old", 900), ("new", 300)]
    )  # fmt: skip
    make_post(body=TEACHING)
    shown = relate(make_post(body=COHORT))
    assert shown.index(new) < shown.index(old)


def test_of_two_posts_equally_like_it_that_of_the_same_author_comes_first():
    author, others = make_author(), make_author()
    for _ in range(4):
        make_post(body=TEACHING, author=others)
    by_author = make_post(title="Cohort", body=COHORT, author=author)
    make_post(title="Cohort", body=COHORT, author=others)
    assert relate(make_post(body=COHORT, author=author))[0] == by_author


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


def test_a_tag_few_posts_have_is_called_rare_in_the_reason():
    rare, common = make_tag(name="Peterborough"), make_tag(name="Prison")
    for _ in range(41):
        make_post(tags=(common,))
    make_post(tags=(common, rare))
    post = make_post(tags=(common, rare))
    relate(post)
    assert (
        "2 shared tags (1 rare): Peterborough, Prison" in post.relatives.get(position=1).explanation
    )


def test_words_in_the_reason_are_spelled_as_in_the_post():
    body = "<p>In Peterborough recoveries were counted; McKinsey helped.</p>"
    make_post(body=body)
    for _ in range(4):
        make_post(body=TEACHING)
    post = make_post(body=body)
    relate(post)
    words = " ".join(post.relatives.get(position=1).reason["words"])
    assert "Peterborough" in words
    assert "recoveri " not in words


def test_of_two_nearly_identical_posts_one_stands_in_the_list():
    text = essay(1)
    twins = [make_post(body=f"<p>{text}</p>"), make_post(body=f"<p>{text} Again.</p>")]
    half = make_post(body=f"<p>{text[:300]} {essay(2, words=40)}</p>")
    shown = relate(make_post(body=f"<p>{text[:250]} {essay(3, words=40)}</p>"))
    assert len({*twins} & {*shown}) == 1
    assert half in shown


def test_a_pin_stands_beside_its_near_duplicate_only_if_that_is_pinned_too():
    text = essay(1)
    twins = [make_post(body=f"<p>{text}</p>") for _ in range(3)]
    post = make_post(body=f"<p>{text[:250]} {essay(3, words=40)}</p>")
    for twin in twins[:2]:
        RelatedChoice.objects.create(post=post, related=twin)
    assert relate(post) == twins[:2]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<p>the and of</p>",
        "<p>" + "probation " * 70_000 + "</p>",
        "<p>" + "x" * 5_000 + " İstanbul ﬁrst 数据 İİ</p>",
    ],
    ids=["nothing", "stop words", "one word for ever", "odd letters"],
)
def test_an_odd_text_is_no_error(body):
    make_post(body=COHORT)
    relate(make_post(title="A", excerpt="", body=body))
