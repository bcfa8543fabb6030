"""Streets of the comments room: below a post, and below `comments/`, which no post is called."""

from django.urls import path, re_path

from comments import editing, feeds, personal, views

app_name = "comments"
urlpatterns = [
    path("comments/confirm/<str:token>/", personal.confirm, name="confirm"),
    path("comments/mute/<str:token>/", personal.mute, name="mute"),
    path("comments/yours/", personal.find, name="find"),
    path("comments/yours/check-your-mail/", personal.check_mail, name="check_mail"),
    path("comments/yours/<str:token>/", personal.dossier, name="dossier"),
    path("<slug:slug>/comments/", views.create, name="create"),
    path("<slug:slug>/comments/received/", views.received, name="received"),
    path("<slug:slug>/comments/<slug:public_id>/edit/", editing.edit, name="edit"),
    # No post is called “search” (posts.slugs): that feed is the search's own.
    re_path(r"^(?!search/)(?P<slug>[-a-zA-Z0-9_]+)/feed/$", feeds.comments, name="feed"),
]
