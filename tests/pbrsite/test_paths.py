"""Addresses by name and slug are those of the street map."""

import pytest
from django.urls import NoReverseMatch, reverse

from pbrsite.paths import path_to

NAMES = ["posts:detail", "posts:tag", "posts:author", "posts:series", "comments:create"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("slug", ["a-post", "Under_score", "2015", "--"])
def test_a_path_is_what_reversing_gives(name, slug):
    assert path_to(name, slug) == reverse(name, args=[slug])


def test_an_unknown_name_is_refused():
    with pytest.raises(NoReverseMatch):
        path_to("posts:nowhere", "a-post")
