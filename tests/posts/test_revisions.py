"""The history of a post: what is kept, who may see it, what comes back."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from reversion.models import Revision, Version

from posts import merging, retention, revisions
from posts.history import RevisionNote
from posts.models import CoAuthor, GateRule, Post, RelatedChoice
from tests.factories import make_author, make_post, make_staff, make_tag
from tests.posts.test_admin import form_data
from tests.posts.test_images import make_image

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client) -> User:
    GateRule.objects.create(rule="tag", level="off")  # The posts here need no tag.
    user = make_staff()
    client.force_login(user)
    return user


def data_of(post: Post, **changes) -> dict:
    """Return the post's form as a browser would send it back, with some of it changed."""
    local = post.published_at and timezone.localtime(post.published_at)
    data = {name: getattr(post, name) for name in ("title", "slug", "body", "excerpt")}
    if local:
        data |= {"published_at_0": f"{local:%d/%m/%Y}", "published_at_1": f"{local:%H:%M:%S}"}
    data["tags"] = list(post.tags.values_list("pk", flat=True))
    return form_data(post, **data | changes)


def save(client, post: Post, **changes):
    post.refresh_from_db()
    return client.post(reverse("admin:posts_post_change", args=[post.pk]), data_of(post, **changes))


def restore(client, post: Post, note: RevisionNote):
    path = reverse("admin:posts_post_restore", args=[post.pk, note.revision_id])
    return client.post(path, follow=True)


def history(post: Post) -> list[tuple[str, str]]:
    """Return what was kept and by whom, oldest first."""
    notes = post.revision_notes.order_by("revision_id").select_related("revision__user")
    return [(note.revision.comment, str(note.revision.user or "")) for note in notes]


def test_a_save_is_kept_with_who_and_what_and_the_state_before_it(client, editor):
    post = make_post(status="draft", published_at=None, tags=(make_tag(),))
    save(client, post, title="Other")
    save(client, post, _submit="1")
    save(client, post, _publish="1")
    assert history(post) == [
        ("As it was before", ""), ("Saved", editor.username),
        ("Submitted for review", editor.username), ("Published", editor.username),
    ]  # fmt: skip


def test_a_new_post_begins_its_history(client, editor):
    client.post(reverse("admin:posts_post_add"), form_data(tags=[make_tag().pk]))
    assert history(Post.objects.get()) == [("Saved", editor.username)]


def test_a_save_that_changes_nothing_is_not_kept(client, editor):
    post = make_post(tags=(make_tag(),))
    save(client, post)
    first = len(history(post))
    save(client, post)
    assert len(history(post)) == first


@pytest.mark.parametrize(("action", "said"), [("publish", "Published"), ("withdraw", "Withdrawn")])
def test_a_bulk_action_is_kept_for_each_post_it_changed(client, editor, action, said):
    one = make_post(status="draft" if action == "publish" else "published", tags=(make_tag(),))
    other = make_post(status="withdrawn")
    data = {"action": action, "_selected_action": [one.pk, other.pk], "_confirmed": "1"}
    client.post(reverse("admin:posts_post_changelist"), data)
    assert history(one) == [("As it was before", ""), (said, editor.username)]
    assert history(other) == []


def test_what_others_made_of_a_post_is_not_put_down_to_the_next_editor(client, editor):
    tag = make_tag()
    post = make_post(tags=(tag, make_tag()))
    save(client, post, title="Mine")
    tag.delete()
    save(client, post, title="Mine again")
    assert history(post)[-2:] == [("Changed outside this form", ""), ("Saved", editor.username)]


def whole_post(tag: str = "Pilots") -> Post:
    """Return a post with something of everything, its history begun."""
    other = make_post(title="A neighbour")
    post = make_post(
        tags=(make_tag(name=tag),), lead_image=make_image(), lead_image_alt="A chart",
        title="As it was", body="<p>Old words.</p>",
    )  # fmt: skip
    RelatedChoice.objects.create(post=post, related=other, verdict="ban")
    CoAuthor.objects.create(post=post, author=make_author(name="Second Hand"))
    revisions.record([post.pk], by=None, now=timezone.now())
    return post


def strip(post: Post) -> None:
    """Take away all that can be restored, and keep that as a revision too."""
    post.title, post.body, post.lead_image, post.lead_image_alt = "New", "<p>New.</p>", None, ""
    post.save()
    post.tags.clear()
    post.related_choices.all().delete()
    post.co_authorships.all().delete()
    revisions.record([post.pk], by=None, now=timezone.now())


def test_restoring_brings_back_words_tags_pins_authors_and_the_picture(client, editor):
    post = whole_post()
    strip(post)
    page = restore(client, post, post.revision_notes.earliest("revision_id"))
    post = Post.objects.get(pk=post.pk)
    assert (post.title, post.plain_text) == ("As it was", "Old words.")
    assert (str(post.tags.get()), post.lead_image_alt) == ("Pilots", "A chart")
    assert post.related_choices.get().verdict == "ban"
    assert post.co_authorships.get().author.name == "Second Hand"
    assert "has its content of" in page.content.decode()
    assert history(post)[-1][0].startswith("Restored from ")
    assert client.get("/search/", {"q": "old words"}).context["total"] == 1


def test_restoring_leaves_the_address_the_state_and_the_times_alone(client, editor):
    post = make_post(slug="old-address", status="draft", published_at=None, title="Then",
                     tags=(make_tag(),))  # fmt: skip
    save(client, post, title="Now", slug="new-address", _publish="1")
    out = Post.objects.get().published_at
    restore(client, post, post.revision_notes.earliest("revision_id"))
    post.refresh_from_db()
    assert (post.title, post.slug, post.published_at) == ("Then", "new-address", out)
    assert post.is_published()


def test_what_is_gone_meanwhile_is_left_out_and_named(client, editor):
    post = whole_post()
    image, tag = post.lead_image, post.tags.get()
    author = post.co_authorships.get().author
    strip(post)
    image.delete()
    tag.delete()
    author.delete()
    page = restore(client, post, post.revision_notes.earliest("revision_id")).content.decode()
    assert all(f"{name}" in page for name in ("Tags: Pilots", "Further authors: Second Hand"))
    assert f"Lead image: {image.file_name}" in page
    assert Post.objects.get(pk=post.pk).title == "As it was"


def test_restoring_gives_the_tag_that_a_merged_one_lives_on_in(client, editor):
    old, new, last = make_tag(name="Old"), make_tag(name="New"), make_tag(name="Last")
    post = make_post(tags=(old, new), topic=old)
    revisions.record([post.pk], by=None, now=timezone.now())
    post.topic = None
    post.save()
    post.tags.clear()
    for target, source in ((new, old), (last, new)):
        merging.merge(target, [source], by=None, at=timezone.now())
    page = restore(client, post, post.revision_notes.earliest("revision_id")).content.decode()
    restored = Post.objects.get()
    assert (restored.topic, list(restored.tags.all())) == (last, [last])
    assert "Left out" not in page


def rewrite(note: RevisionNote, **fields) -> None:
    """Change what a revision holds, as an older form of the site would have written it."""
    version = Version.objects.get(revision=note.revision_id, content_type__model="post")
    kept = json.loads(version.serialized_data)
    kept[0]["fields"] |= fields
    kept[0]["fields"] = {name: value for name, value in kept[0]["fields"].items() if value != "-"}
    version.serialized_data = json.dumps(kept)
    version.save()


def test_a_revision_of_an_older_form_of_the_site_is_read_and_restored(client, editor):
    post = make_post(title="Then", excerpt="Chosen")
    save(client, post, title="Now", excerpt="Chosen anew")
    note = post.revision_notes.earliest("revision_id")
    rewrite(note, excerpt="-", mood="cheerful", series=99_999, series_position=3)
    path = reverse("admin:posts_post_restore", args=[post.pk, note.revision_id])
    assert client.get(path).status_code == 200
    restore(client, post, note)
    post.refresh_from_db()
    assert (post.title, post.excerpt, post.series_position) == ("Then", "Chosen anew", None)


def test_a_revision_that_cannot_be_read_changes_nothing(client, editor):
    post = make_post(title="Then")
    save(client, post, title="Now")
    note = post.revision_notes.earliest("revision_id")
    Version.objects.filter(revision=note.revision_id).update(serialized_data="not JSON")
    restore(client, post, note)
    assert Post.objects.get().title == "Now"


def test_an_old_body_passes_the_sanitiser_again(client, editor):
    post = make_post(body="<p>Old.</p>")
    save(client, post, body="<p>New.</p>")
    note = post.revision_notes.earliest("revision_id")
    rewrite(note, body="<p onclick='x()'>Old.</p><script>alert(1)</script>")
    restore(client, post, note)
    assert Post.objects.get().body == "<p>Old.</p>"


def test_a_public_post_is_not_given_a_fault_by_restoring(client, editor):
    post = make_post(body="<p>Old.</p>")
    save(client, post, body="<p>New.</p>")
    note = post.revision_notes.earliest("revision_id")
    rewrite(note, body='<p><a href="www.nao.org.uk">NAO</a></p>')
    page = restore(client, post, note).content.decode()
    assert "Nothing was restored" in page
    assert Post.objects.get().body == "<p>New.</p>"


def test_keeping_a_revision_costs_a_fixed_number_of_queries(django_assert_num_queries):
    few, many = whole_post(), whole_post("Cohorts")
    many.tags.add(*(make_tag() for _ in range(20)))
    for post in (few, many):
        Post.objects.filter(pk=post.pk).update(title="Other")
        with django_assert_num_queries(20):
            revisions.record([post.pk], by=None, now=timezone.now())
    with django_assert_num_queries(11):
        revisions.record([few.pk, many.pk], by=None, now=timezone.now())


def test_saving_the_form_costs_the_history_a_fixed_number_of_queries(
    client, editor, django_assert_max_num_queries
):
    post = whole_post()
    with django_assert_max_num_queries(80):
        save(client, post, title="Other")


def test_a_deleted_post_takes_its_history_with_it(client, editor):
    post = make_post()
    revisions.record([post.pk], by=None, now=timezone.now())
    post.delete()
    assert not RevisionNote.objects.exists()
    retention.prune(timezone.now() + timedelta(days=1))
    assert not Revision.objects.exists()
