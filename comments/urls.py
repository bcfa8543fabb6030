"""Streets of the comments room: below a post, and below `comments/`, which no post is called."""

from django.urls import path, re_path

from comments import editing, feeds, personal, previews, threadpages, views

app_name = "comments"

_SLUG, _KIND = r"(?P<slug>[-a-zA-Z0-9_]+)", r"(?P<kind>atom|json)"
_ID = r"(?P<public_id>[2-9a-hjkmnp-z]{12})"  # The alphabet of `models.new_public_id`.

urlpatterns = [
    path("comments/confirm/<str:token>/", personal.confirm, name="confirm"),
    path("comments/mute/<str:token>/", personal.mute, name="mute"),
    path("comments/yours/", personal.find, name="find"),
    path("comments/yours/check-your-mail/", personal.check_mail, name="check_mail"),
    path("comments/yours/<str:token>/", personal.dossier, name="dossier"),
    path("<slug:slug>/comments/", views.create, name="create"),
    path("<slug:slug>/comments/received/", views.received, name="received"),
    path("<slug:slug>/comments/<slug:public_id>/edit/", editing.edit, name="edit"),
    path("<slug:slug>/comments/preview/", previews.preview, name="preview"),
    re_path(
        rf"^{_SLUG}/comments/page/(?P<number>[1-9][0-9]{{0,5}})/$",
        threadpages.thread_list,
        name="thread_list",
    ),
    re_path(rf"^{_SLUG}/comments/{_ID}/$", threadpages.comment, name="comment"),
    re_path(rf"^{_SLUG}/comments/{_ID}/thread/$", threadpages.thread, name="thread"),
    re_path(
        rf"^{_SLUG}/comments/{_ID}/thread/page/(?P<number>[2-9]|[1-9][0-9]{{1,5}})/$",
        threadpages.thread,
        name="thread",
    ),
    path("comments/feed/", feeds.latest, name="latest_feed"),
    re_path(rf"^comments/feed/{_KIND}/$", feeds.latest, name="latest_feed"),
    # No post is called “search” (posts.slugs): that feed is the search's own.
    re_path(r"^(?!search/)(?P<slug>[-a-zA-Z0-9_]+)/feed/$", feeds.comments, name="feed"),
]
