"""Posts and people for the tests: plain functions with safe defaults."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.utils import timezone

from pbrsite import groups
from posts.models import Author, Post, Tag, TaggedPost

_numbers = count(1)


def make_author(**values: Any) -> Author:
    number = next(_numbers)
    return Author.objects.create(
        **{"name": f"Author {number}", "slug": f"author-{number}"} | values
    )


def make_tag(**values: Any) -> Tag:
    number = next(_numbers)
    return Tag.objects.create(**{"name": f"Tag {number}", "slug": f"tag-{number}"} | values)


def make_post(*, tags: tuple[Tag, ...] = (), **values: Any) -> Post:
    """Return a saved post, published an hour ago unless told otherwise."""
    number = next(_numbers)
    defaults = {
        "title": f"Post {number}",
        "slug": f"post-{number}",
        "excerpt": f"Excerpt {number}.",
        "body": f"<p>Body {number} about probation.</p>",
        "status": Post.Status.PUBLISHED,
        "published_at": timezone.now() - timedelta(hours=1),
    }
    post = Post(**defaults | values)
    if post.author_id is None:
        post.author = Author.objects.first() or make_author()
    post.save()
    if tags:  # As `post.tags.set` does, in one statement instead of four.
        TaggedPost.objects.bulk_create(TaggedPost(tag=tag, content_object=post) for tag in tags)
    return post


def make_posts(count: int, **values: Any) -> list[Post]:
    """Return many public posts at once, without what saving makes of a body."""
    author = Author.objects.first() or make_author()
    defaults = {
        "author": author, "status": Post.Status.PUBLISHED,
        "published_at": timezone.now() - timedelta(hours=1),
    }  # fmt: skip
    numbers = [next(_numbers) for _ in range(count)]
    posts = [
        Post(**{"title": f"Post {n}", "slug": f"post-{n}"} | defaults | values) for n in numbers
    ]
    return Post.objects.bulk_create(posts)


def make_staff(**values: Any) -> User:
    number = next(_numbers)
    return User.objects.create_superuser(**{"username": f"staff-{number}"} | values)


def make_member(group: str, **values: Any) -> User:
    """Return staff in one of the groups of a new site, which a flushed database has lost."""
    if not Group.objects.filter(name=group).exists():
        groups.grant(apps, None)
    number = next(_numbers)
    user = User.objects.create_user(f"{group.lower()}-{number}", is_staff=True, **values)
    user.groups.add(Group.objects.get(name=group))
    return user


def make_owner(*posts: Post) -> User:
    """Return an Author who made those posts: what is not theirs they do not even see."""
    person = make_member("Author")
    Post.objects.filter(pk__in=[post.pk for post in posts]).update(created_by=person)
    return person
