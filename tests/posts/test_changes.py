"""A change for later: made, waiting, applied, held, and by whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from posts import merging
from posts.models import GateRule, Post, RelatedChoice, ScheduledChange
from posts.tasks import apply_scheduled_changes
from subscriptions import digest
from tests.factories import make_author, make_owner, make_post, make_staff, make_tag
from tests.posts.test_images import make_image
from tests.posts.test_revisions import data_of, history, save

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SOON = timedelta(hours=2)


@pytest.fixture
def editor(client) -> User:
    GateRule.objects.create(rule="tag", level="off")  # The posts here need no tag.
    user = make_staff()
    client.force_login(user)
    return user


def later(client, post: Post, *, query: str = "", **changes: Any):
    """Press “Save as a change for later” in the post's form, as opened just now."""
    post.refresh_from_db()
    local = timezone.localtime(timezone.now() + SOON)
    data = data_of(post) | {
        "later-due_at_0": f"{local:%d/%m/%Y}", "later-due_at_1": f"{local:%H:%M:%S}",
        "later-seen": post.saved_at.isoformat(), "_later": "1",
    }  # fmt: skip
    path = reverse("admin:posts_post_change", args=[post.pk]) + query
    return client.post(path, data | changes, follow=True)


def ring(after: timedelta = SOON) -> int:
    return ScheduledChange.objects.apply_due(timezone.now() + after)


def decide(client, change: ScheduledChange, decision: str):
    path = reverse("admin:posts_post_scheduled_change", args=[change.post_id, change.pk])
    return client.post(path, {"decision": decision}, follow=True)


def test_the_public_post_stays_as_it_is_until_the_time_and_changes_then(client, editor):
    post = make_post(title="Old", body="<p>Old words.</p>", slug="a-post")
    pilots = make_tag(name="Pilots")
    later(client, post, title="New", body="<p>New words.</p>", tags=[pilots.pk])
    assert "Old words." in client.get("/a-post/").content.decode()
    assert ring(after=timedelta()) == 0
    assert ring() == 1
    page = client.get("/a-post/").content.decode()
    assert "New words." in page
    assert "Pilots" in page
    assert client.get("/search/", {"q": "new words pilots"}).context["total"] == 1


def test_what_was_applied_is_a_revision_of_whoever_made_it(client, editor):
    post = make_post()
    later(client, post, title="New")
    ring()
    assert history(post)[1:] == [("Scheduled change applied", editor.username)]


def test_however_often_the_clock_rings_a_change_is_applied_once(client, editor):
    post = make_post()
    later(client, post, title="New")
    assert [ring(), ring()] == [1, 0]
    save(client, post, title="Newer")
    assert ring() == 0
    assert Post.objects.get().title == "Newer"


@pytest.mark.parametrize("is_ticked", [True, False])
def test_the_post_shows_as_updated_only_when_the_editor_ticked_it(client, editor, is_ticked):
    post = make_post()
    ticked: dict[str, Any] = {"later-shows_as_updated": "on"} if is_ticked else {}
    later(client, post, title="New", **ticked)
    ring()
    assert (Post.objects.get().revised_at is not None) == is_ticked


def test_authors_and_the_picture_belong_to_the_change_and_pins_stay(client, editor):
    post, other, second = make_post(), make_post(title="Neighbour"), make_author()
    rows: dict[str, Any] = {"co_authorships-TOTAL_FORMS": 1, "co_authorships-0-author": second.pk,
            "co_authorships-0-position": 0}  # fmt: skip
    later(client, post, lead_image=make_image().pk, lead_image_alt="Bars", **rows)
    RelatedChoice.objects.create(post=post, related=other)
    assert not post.co_authorships.exists()
    ring()
    assert post.co_authorships.get().author == second
    assert Post.objects.get(pk=post.pk).lead_image_alt == "Bars"
    assert RelatedChoice.objects.get().related == other


def test_a_change_names_a_tag_merged_meanwhile_by_the_one_it_lives_on_in(client, editor):
    added, removed, heir, other = (make_tag() for _ in range(4))
    post = make_post(tags=(removed,))
    later(client, post, tags=[added.pk], topic=added.pk)
    for target, source in ((heir, added), (other, removed)):
        merging.merge(target, [source], by=None, at=timezone.now())
    assert ring() == 1
    post.refresh_from_db()
    assert (post.topic, list(post.tags.all())) == (heir, [heir])


def test_an_edit_made_meanwhile_elsewhere_in_the_post_is_kept(client, editor):
    mine, theirs = make_tag(), make_tag()
    post = make_post(title="Old", excerpt="Old", tags=())
    later(client, post, title="By the change", tags=[mine.pk])
    save(client, post, excerpt="By hand", tags=[theirs.pk])
    assert ring() == 1
    post.refresh_from_db()
    assert (post.title, post.excerpt) == ("By the change", "By hand")
    assert set(post.tags.all()) == {mine, theirs}


def held_change(client) -> ScheduledChange:
    post = make_post(title="Old", excerpt="Old")
    later(client, post, title="By the change", excerpt="By the change")
    save(client, post, title="By hand")
    assert ring() == 0
    return ScheduledChange.objects.get()


def test_a_field_changed_by_both_holds_the_change_and_is_reported(client, editor):
    change = held_change(client)
    assert change.is_held
    assert Post.objects.get().title == "By hand"
    form = client.get(reverse("admin:posts_post_change", args=[change.post_id])).content.decode()
    assert "needs your decision" in form
    assert "Title: also changed since this change was made." in form
    assert "needs your decision" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("decision", "title", "excerpt"),
    [
        ("take-change", "By the change", "By the change"),
        ("keep-now", "By hand", "By the change"),
        ("apply", "By hand", "Old"),
        ("cancel", "By hand", "Old"),
    ],
    ids=["the change wins", "the edit wins", "undecided stays held", "cancelled"],
)
def test_an_editor_decides_about_a_held_change(client, editor, decision, title, excerpt):
    decide(client, held_change(client), decision)
    post = Post.objects.get()
    assert (post.title, post.excerpt) == (title, excerpt)


def test_a_change_of_a_post_withdrawn_meanwhile_is_held(client, editor):
    post = make_post(title="Old")
    later(client, post, title="New")
    post.withdraw()
    assert ring() == 0
    assert "not public any more" in ScheduledChange.objects.get().held_for[0]


def test_a_change_that_names_what_is_gone_is_held(client, editor):
    post, tag = make_post(title="Old"), make_tag(name="Pilots")
    later(client, post, title="New", tags=[tag.pk])
    tag.delete()
    assert ring() == 0
    assert ScheduledChange.objects.get().held_for == ["Tags: Pilots does not exist any more."]
    assert Post.objects.get().title == "Old"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"later-due_at_0": "01/01/2020"}, "That time has passed"),
        ({"later-due_at_0": ""}, "Make it public at"),
        ({"later-seen": "2020-01-01T00:00:00+00:00"}, "Somebody saved this post while"),
        ({"slug": "another-address"}, "A change for later leaves this alone"),
        ({"body": '<p>My text <a href="www.nao.org.uk">x</a></p>'}, "leads nowhere"),
    ],
    ids=["past", "no time", "saved by another", "address", "a faulty body"],
)
def test_a_refused_change_keeps_what_was_typed_and_says_why(client, editor, data, said):
    post = make_post(title="Old")
    page = later(client, post, **{"title": "My title", **data}).content.decode()
    assert said in page
    assert "My title" in page
    assert not ScheduledChange.objects.exists()
    assert Post.objects.get().title == "Old"


def test_the_enter_key_saves_the_post_and_keeps_nothing_for_later(client, editor):
    page = client.get(reverse("admin:posts_post_change", args=[make_post().pk])).content.decode()
    assert page.index('name="_save"') < page.index('name="_later"') < page.index("</form>", 9_000)


def test_a_draft_has_no_change_for_later(client, editor):
    post = make_post(status="draft", published_at=None)
    page = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert 'name="_later"' not in page
    assert "Only a public post" in later(client, post, title="New").content.decode()
    assert not ScheduledChange.objects.exists()


def test_nothing_changed_is_no_change(client, editor):
    page = later(client, make_post()).content.decode()
    assert "Nothing differs" in page
    assert not ScheduledChange.objects.exists()


def test_a_second_change_takes_the_place_of_the_first(client, editor):
    post = make_post()
    later(client, post, title="First")
    later(client, post, title="Second")
    assert ScheduledChange.objects.open().get().after["fields"]["title"] == "Second"
    with pytest.raises(IntegrityError), transaction.atomic():
        ScheduledChange.objects.update(state="waiting", decided_at=None)


def test_the_form_says_what_is_to_come_and_opens_it_for_editing(client, editor):
    post, tag = make_post(title="Old"), make_tag()
    later(client, post, title="New", tags=[tag.pk])
    change = ScheduledChange.objects.get()
    path = reverse("admin:posts_post_change", args=[post.pk])
    assert "This post will change on" in client.get(path).content.decode()
    form = client.get(path, {"change": change.pk}).context["adminform"].form
    assert (form["title"].value(), form["tags"].value()) == ("New", [tag.pk])


def test_a_change_for_the_hour_that_comes_twice_keeps_its_moment(client, editor):
    with time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=UTC)):
        post, twice = make_post(), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        typed = {"later-due_at_0": "25/10/2026", "later-due_at_1": "01:30:00"}
        later(client, post, title="New", **typed)
        first = ScheduledChange.objects.open().get()
        assert first.due_at == twice - timedelta(hours=1)
        ScheduledChange.objects.update(due_at=twice)
        later(client, post, query=f"?change={first.pk}", title="Newer", **typed)
        assert ScheduledChange.objects.open().get().due_at == twice


def test_no_button_of_the_form_of_a_change_makes_it_public(client, editor):
    post = make_post(title="Old")
    later(client, post, title="New")
    change = ScheduledChange.objects.get()
    later(client, post, query=f"?change={change.pk}", title="Newer", _save="1", _publish="1")
    assert Post.objects.get().title == "Old"
    assert ScheduledChange.objects.open().get().after["fields"]["title"] == "Newer"


def test_editing_a_change_does_not_undo_what_was_saved_meanwhile(client, editor):
    post = make_post(title="Old", excerpt="Old")
    later(client, post, title="New")
    save(client, post, excerpt="By hand")
    query = f"?change={ScheduledChange.objects.get().pk}"
    form = client.get(reverse("admin:posts_post_change", args=[post.pk]) + query)
    assert form.context["adminform"].form["excerpt"].value() == "By hand"


def test_applied_now_or_cancelled_it_never_comes_again(client, editor):
    post = make_post(title="Old")
    later(client, post, title="New")
    decide(client, ScheduledChange.objects.get(), "apply")
    assert Post.objects.get().title == "New"
    save(client, post, title="Newer")
    page = decide(client, ScheduledChange.objects.get(), "apply").content.decode()
    assert "applied or cancelled already" in page
    assert Post.objects.get().title == "Newer"


def test_who_may_not_publish_neither_makes_nor_decides_a_change(client, editor):
    post = make_post(title="Old")
    later(client, post, title="New")
    change = ScheduledChange.objects.get()
    client.force_login(make_owner(post))
    assert decide(client, change, "apply").status_code == 403
    assert later(client, post, title="Mine").status_code == 403
    assert Post.objects.get().title == "Old"


def test_a_change_of_another_post_is_a_404(client, editor):
    post, other = make_post(), make_post()
    later(client, post, title="New")
    pk = ScheduledChange.objects.get().pk
    path = reverse("admin:posts_post_scheduled_change", args=[other.pk, pk])
    assert client.get(path).status_code == 404
    form = reverse("admin:posts_post_change", args=[other.pk])
    assert client.get(form, {"change": pk}).status_code == 404


def test_the_clock_and_the_noon_bell_apply_what_is_due(client, editor):
    one, other = make_post(), make_post()
    later(client, one, title="New")
    later(client, other, title="New")
    ScheduledChange.objects.filter(post=one).update(due_at=timezone.now())
    apply_scheduled_changes(0)
    digest.ring(timezone.now() + SOON)
    assert set(Post.objects.values_list("title", flat=True)) == {"New"}


def test_one_change_that_breaks_keeps_no_other_from_its_time(client, editor):
    broken, sound = make_post(), make_post()
    later(client, broken, title="New")
    later(client, sound, title="New")
    ScheduledChange.objects.filter(post=broken).update(after={})
    assert ring() == 1
    assert Post.objects.get(pk=sound.pk).title == "New"


@pytest.mark.django_db(transaction=True)
def test_a_change_somebody_else_is_applying_is_left_to_them(client):
    client.force_login(make_staff())
    post = make_post(title="Old", tags=(make_tag(),))
    later(client, post, title="New")
    other = connection.copy()
    with other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("SELECT 1 FROM posts_scheduledchange FOR UPDATE")
        assert ring() == 0
        other.rollback()
    other.close()
    assert ring() == 1
