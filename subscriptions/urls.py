"""Streets of the subscriptions room."""

from django.urls import path, re_path

from subscriptions import archive, leaving, preferences, views
from subscriptions.feedback import webhooks

app_name = "subscriptions"
urlpatterns = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/check-your-mail/", views.check_mail, name="check_mail"),
    path("subscribe/confirm/<str:token>/", views.confirm, name="confirm"),
    path("u/<str:token>/", leaving.leave, name="leave"),
    path("subscription/", views.find, name="find"),
    path("subscription/<str:token>/", preferences.preferences, name="preferences"),
    path("hooks/mail/<slug:esp>/", webhooks.receive, name="webhook"),
    re_path(
        r"^digest/(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})/$", archive.issue, name="issue"
    ),
]
