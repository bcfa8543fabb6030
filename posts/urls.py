"""Streets of the posts room; the root-level `/<slug>/` comes last."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path


def _unbuilt(request: HttpRequest, **_: str) -> HttpResponse:
    raise Http404


app_name = "posts"
urlpatterns = [
    path("", _unbuilt, name="home"),
    path("tag/<str:slug>/", _unbuilt, name="tag"),
    path("author/<str:slug>/", _unbuilt, name="author"),
    path("<str:slug>/", _unbuilt, name="detail"),
]
