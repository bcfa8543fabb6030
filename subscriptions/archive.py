"""A sent issue as a page, for those who would rather read in the browser."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from posts.models import Post, Series
from subscriptions.models import Issue, IssuePost, Kind


@require_safe
def issue(request: HttpRequest, year: str, month: str, day: str) -> HttpResponse:
    """Show the daily issue of that date: those of its posts that are public now; what its mail
    says of them, without anything that is one person's.
    """
    try:
        on = date(int(year), int(month), int(day))
    except ValueError as error:
        raise Http404 from error
    found = (
        Issue.objects.sent().filter(kind=Kind.DAILY, local_date=on).defer("html", "text").first()
    )
    posts = _posts_of(found) if found else []
    if not found or not posts:
        raise Http404
    context = {"issue": found, "posts": posts}
    return render(request, "subscriptions/issue_detail.html", context)


def _posts_of(issue: Issue) -> list[Post]:
    order = IssuePost.objects.filter(issue=issue)
    public = Post.objects.published().for_list().select_related("series")
    posts = public.filter(pk__in=order.values("post_id"))
    Series.objects.prefetch_outlines(posts)
    position = dict(order.values_list("post_id", "position"))
    return sorted(posts, key=lambda post: position[post.pk])
