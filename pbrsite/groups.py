"""The groups a new site has, and what each may do.

People's addresses are for moderators as far as comments go, and for subscription managers; an
editor arranges, watches and pauses the noon e-mail without seeing whom it goes to.
Of which posts an author may do it is said in `posts.admin.permissions`. A migration that brings new
tables calls `grant` again; what an operator gave a group besides stays.
"""

from fnmatch import fnmatch
from typing import Any

from django.contrib.auth.management import create_permissions

MODERATION = ["comments.view_comment", "comments.change_comment", "comments.moderate_comment",
              "comments.view_ruleset", "comments.change_ruleset"]  # fmt: skip
GROUPS = {
    "Author": [
        "posts.view_post", "posts.add_post", "posts.change_post", "posts.delete_post",
        "posts.view_tag", "posts.view_author", "posts.view_series", "posts.view_image",
        "posts.add_image", "posts.*_coauthor", "cabinet.view_folder",
    ],
    "Editor": ["posts.*", "cabinet.*", *MODERATION, "comments.view_commentcontact",
               "subscriptions.view_issue", "subscriptions.plan_issue",
               "subscriptions.pause_issue", "subscriptions.view_deliverability",
               "subscriptions.run_selfcheck"],
    "Moderator": [*MODERATION, "comments.view_commentcontact"],
    "Subscription manager": ["subscriptions.*", "posts.view_tag"],
}  # fmt: skip


def grant(apps: Any, schema_editor: Any) -> None:
    """Make the groups and give them their permissions; idempotent.

    On a fresh database Django makes permissions after the last migration only, so they are made
    here first, for the tables there are at this point.
    """
    labels = {name.partition(".")[0] for names in GROUPS.values() for name in names}
    for label in sorted(labels):
        config = apps.get_app_config(label)
        before = getattr(config, "models_module", None)
        config.models_module = before or True
        create_permissions(config, apps=apps, verbosity=0)  # It skips an app without that mark,
        config.models_module = before  # which apps of a migration's past state have not.
    permissions = apps.get_model("auth", "Permission").objects.select_related("content_type")
    named = {f"{one.content_type.app_label}.{one.codename}": one for one in permissions}
    for name, patterns in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        wanted = [key for key in named for pattern in patterns if fnmatch(key, pattern)]
        group.permissions.add(*(named[key] for key in wanted))
