"""The groups a new site has."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from pbrsite import groups
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def permissions_of(name: str) -> set[str]:
    rows = Permission.objects.filter(group__name=name)
    return {
        f"{app}.{code}" for app, code in rows.values_list("content_type__app_label", "codename")
    }


def test_granting_twice_changes_nothing_and_keeps_what_an_operator_gave():
    person = make_member("Author")
    more = Permission.objects.get(codename="view_issue")
    Group.objects.get(name="Author").permissions.add(more)
    before = permissions_of("Author")
    groups.grant(apps, None)
    assert permissions_of("Author") == before
    assert person.has_perm("subscriptions.view_issue")


def test_an_editor_may_do_everything_with_every_table_of_posts():
    make_member("Editor")
    tables = [model._meta for model in admin.site._registry if model._meta.app_label == "posts"]
    wanted = {f"posts.{verb}_{table.model_name}" for table in tables
              for verb in table.default_permissions}  # fmt: skip
    assert wanted | {"posts.publish_post"} <= permissions_of("Editor")


def test_an_author_may_not_publish_and_touches_nothing_outside_posts():
    make_member("Author")
    assert "posts.publish_post" not in permissions_of("Author")
    assert {name.partition(".")[0] for name in permissions_of("Author")} == {"posts", "cabinet"}


def test_a_moderator_has_to_do_with_comments_alone():
    make_member("Moderator")
    assert {name.partition(".")[0] for name in permissions_of("Moderator")} == {"comments"}


@pytest.mark.parametrize("group", groups.GROUPS)
def test_no_group_reaches_log_ins(group):
    make_member(group)
    assert not any(name.startswith("auth.") for name in permissions_of(group))


@pytest.mark.parametrize("group", groups.GROUPS)
def test_only_subscription_managers_reach_the_people_who_subscribed(group):
    make_member(group)
    private = {"subscriber", "delivery", "suppression", "consentevent", "mailrequest", "mailevent"}
    reached = {name.rpartition("_")[2] for name in permissions_of(group)
               if name.startswith("subscriptions.")}  # fmt: skip
    assert bool(reached & private) == (group == "Subscription manager")


def test_an_editor_arranges_and_pauses_the_noon_mail_but_sends_nothing_twice():
    make_member("Editor")
    room = "subscriptions."
    verbs = {name.removeprefix(room) for name in permissions_of("Editor") if name.startswith(room)}
    issues = {"view_issue", "plan_issue", "pause_issue"}
    assert verbs == issues | {"view_deliverability", "run_selfcheck"}
