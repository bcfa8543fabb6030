"""The street map: one include per room. The order matters: posts own `/<slug>/` and come last."""

from django.contrib import admin
from django.urls import include, path, re_path

from pbrsite import views

urlpatterns = [
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>(?:images|renditions|cards)/.+)$", views.media, name="media"),
    path("", include("subscriptions.urls")),
    path("", include("comments.urls")),
    path("", include("posts.urls")),
]
handler400 = "pbrsite.views.bad_request"
handler403 = "pbrsite.views.forbidden"
handler404 = "pbrsite.views.not_found"
handler500 = "pbrsite.views.server_error"
