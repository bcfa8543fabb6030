"""The public page of an author: who they are, what they write about, and their posts."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from posts import statements
from posts.models import Author, Tag
from posts.pagination import page_context, to_one_address
from posts.postlists import PostList
from posts.questions import Question

RECENT = 100  # posts that say what somebody writes about; all of them would be too many to read
TOPICS = 8


@require_safe
def author_detail(request: HttpRequest, slug: str, number: int = 1) -> HttpResponse:
    """Show the author's posts, alone or with others. Six queries at most."""
    now = timezone.now()
    author = statements.author(slug, now)
    if author is None:
        raise Http404("There is no such author.")
    base = author.get_absolute_url()
    if moved := to_one_address(request, number, base=base):
        return moved
    posts = PostList.of_author(author, now)
    context: dict[str, Any] = {"author": author, "post_count": posts.count()}
    context |= page_context(posts, number, base=base)
    if number == 1:
        context |= {"topics": _topics(author, posts), "years": _years(author, posts)}
    return render(request, "posts/author_detail.html", context)


def _topics(author: Author, posts: PostList) -> list[dict[str, str]]:
    """Return what the author's newest posts are most often about, with the way to those posts."""
    asked = Question(author=author.slug)
    tags = Tag.objects.most_used_in(posts.newest(RECENT)).values_list("name", "slug")
    return [{"label": name, "url": asked.url(tag=slug)} for name, slug in tags[:TOPICS]]


def _years(author: Author, posts: PostList) -> list[dict[str, Any]]:
    """Return the author's years, with counts that are what a click gives."""
    asked = Question(author=author.slug)
    return [
        {"label": str(first.year), "url": asked.url(year=f"{first.year:04}"), "count": count}
        for first, count in posts.counts_by_year().items()
    ]
