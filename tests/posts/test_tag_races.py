"""Two editors at the same tags at the same moment: real threads on real connections."""

import pytest
from django.utils import timezone

from posts import merging, undoing
from posts.models import Tag
from tests.factories import make_post, make_tag
from tests.subscriptions.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)


def merged(target: Tag, source: Tag) -> bool:
    try:
        merging.merge(target, [source], by=None, at=timezone.now())
    except merging.CannotMergeError:
        return False
    return True


def test_a_tag_merged_into_two_others_at_once_goes_to_one():
    source, targets = make_tag(), [make_tag(), make_tag()]
    post = make_post(tags=(source,))
    done = together(2, lambda number: merged(targets[number], source))
    assert sorted(done) == [False, True]
    assert list(post.tags.all()) == [targets[done.index(True)]]


def test_two_tags_merged_into_each_other_at_once_leave_one():
    tags = [make_tag(), make_tag()]
    post = make_post(tags=tuple(tags))
    done = together(2, lambda number: merged(tags[number], tags[1 - number]))
    assert sorted(done) == [False, True]
    assert list(post.tags.all()) == [tags[done.index(True)]]


def test_an_undo_pressed_twice_at_once_is_done_once():
    source, target = make_tag(), make_tag()
    post = make_post(tags=(source,))
    change = merging.merge(target, [source], by=None, at=timezone.now())

    def undone(_: int) -> bool:
        try:
            undoing.undo(change, by=None, at=timezone.now())
        except undoing.CannotUndoError:
            return False
        return True

    assert sorted(together(2, undone)) == [False, True]
    assert list(post.tags.all()) == [source]
