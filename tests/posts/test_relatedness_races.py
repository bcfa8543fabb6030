"""Two jobs for one post at the same moment: real threads on real connections."""

import pytest

from posts import relatedness
from posts.models import RelatedPost
from tests.factories import make_post, make_tag
from tests.subscriptions.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_jobs_for_one_post_store_one_list():
    tag = make_tag()
    posts = [make_post(tags=(tag,)) for _ in range(4)]
    together(2, lambda _: relatedness.relate(posts[0].pk))
    assert RelatedPost.objects.filter(post=posts[0]).count() == 3


def test_jobs_for_posts_beside_each_other_do_not_block_each_other_for_ever():
    tag = make_tag()
    posts = [make_post(tags=(tag,)) for _ in range(4)]
    together(4, lambda number: relatedness.relate(posts[number].pk))
    assert RelatedPost.objects.count() == 12
