"""Streets of the comments room, all below one post."""

from django.urls import path, re_path

from comments import feeds, views

app_name = "comments"
urlpatterns = [
    path("<slug:slug>/comments/", views.create, name="create"),
    path("<slug:slug>/comments/received/", views.received, name="received"),
    # No post is called “search” (posts.slugs): that feed is the search's own.
    re_path(r"^(?!search/)(?P<slug>[-a-zA-Z0-9_]+)/feed/$", feeds.comments, name="feed"),
]
