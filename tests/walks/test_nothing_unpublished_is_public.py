"""One walk over every public address, with posts present that nobody may see yet."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from posts import relatedness, search
from posts.models import Post, RelatedChoice, TagAlias
from tests.factories import make_author, make_post, make_tag
from tests.walks.crawler import crawl

SECRET = "Unseenword"


@pytest.mark.django_db
def test_no_draft_scheduled_or_embargoed_post_is_anywhere_public(client):
    tag, author = make_tag(), make_author()
    public = [make_post(tags=(tag,), author=author) for _ in range(3)]
    citing = f'<p>{SECRET} <a href="{public[0].get_absolute_url()}">then</a></p>'
    states: dict[str, dict[str, Any]] = {
        "draft": {"status": "draft"},
        "review": {"status": "review", "published_at": None},
        "scheduled": {"published_at": timezone.now() + timedelta(hours=1)},
        "embargoed": {"status": "draft", "not_before": timezone.now() + timedelta(hours=1)},
        "withdrawn": {"status": "withdrawn"},
    }
    hidden = [
        make_post(
            title=f"{SECRET} {name}", slug=f"unseenword-{name}", body=citing,
            tags=(tag,), author=author, **values,
        )
        for name, values in states.items()
    ]  # fmt: skip
    next(post for post in hidden if post.not_before).publish(at=timezone.now())
    for post in hidden:
        RelatedChoice.objects.create(post=public[0], related=post)
    search.index(list(Post.objects.values_list("pk", flat=True)))
    for post in [*public, *hidden]:
        relatedness.relate(post.pk, with_neighbours=False)
    paths = [f"{post.get_absolute_url()}{end}" for post in hidden for end in ("", "feed/")]
    misspelt = [f"/search/?q={word}" for word in ("unseenwrod", "unseenwordx", "unseenwordd")]
    seen = crawl(client, *paths, *misspelt, "/search/?tag=" + tag.slug)
    assert len(seen) > 25
    assert [path for path, text in seen.items() if SECRET in text] == []
    better = re.compile(r"unseenword(?!x|d)", re.IGNORECASE)  # What was asked is said again.
    assert [path for path in misspelt if better.search(seen[path])] == []
    assert {public[0].get_absolute_url(), tag.get_absolute_url()} <= set(seen)


@pytest.mark.django_db
def test_a_topic_or_author_of_drafts_alone_is_not_named_by_the_search_filters(client):
    tag = make_tag(name=f"{SECRET} topic", slug="hidden-topic")
    author = make_author(name=f"{SECRET} author", slug="hidden-author")
    make_post(tags=(tag,), author=author, status="draft")
    make_post(tags=(tag,), author=author, published_at=timezone.now() + timedelta(hours=1))
    for asked in ({"tag": tag.slug}, {"author": author.slug}):
        page = client.get("/search/", asked).content.decode()
        assert SECRET not in page
        assert next(iter(asked.values())) in page  # As it was asked for, like any unknown word.


@pytest.mark.django_db
def test_the_other_names_of_a_topic_of_drafts_alone_are_not_told_by_search(client):
    tag = make_tag(name="Operation Nightjar")
    TagAlias.objects.create(tag=tag, name="Zeta")
    make_post(tags=(tag,), status="draft")
    make_post(title="Operation Nightjar").reindex()
    assert client.get("/search/", {"q": "zeta"}).context["total"] == 0
    make_post(tags=(tag,))
    assert client.get("/search/", {"q": "zeta"}).context["total"] == 1
