from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    name = "pbrsite"
    verbose_name = "Site"


class DeskConfig(AdminConfig):
    """Django's admin with our own site: the editorial desk."""

    default_site = "pbrsite.admin.Desk"
