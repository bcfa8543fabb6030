"""Streets of the posts room; the root-level `/<slug>/` comes last."""

from django.urls import URLPattern

app_name = "posts"
urlpatterns: list[URLPattern] = []
