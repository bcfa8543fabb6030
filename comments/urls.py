"""Streets of the comments room, all below one post."""

from django.urls import path

from comments import feeds, views

app_name = "comments"
urlpatterns = [
    path("<slug:slug>/comments/", views.create, name="create"),
    path("<slug:slug>/comments/received/", views.received, name="received"),
    path("<slug:slug>/feed/", feeds.comments, name="feed"),
]
