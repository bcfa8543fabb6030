"""The writer's desk: what each role may do, and what a list costs."""

import io
from datetime import timedelta

import pytest
from cabinet.models import Folder
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import inlineformset_factory
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from posts.models import Post, RelatedPost
from tests.factories import make_author, make_member, make_post, make_staff, make_tag
from tests.posts.test_images import make_image

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def form_data(post: Post | None = None, **changes) -> dict:
    author = post.author if post else make_author()
    data = {
        "title": "A title", "slug": "a-title", "standfirst": "", "body": "<p>Body.</p>",
        "excerpt": "Excerpt.", "author": author.pk, "tags": [],
        "is_open_to_comments": "on", "is_mailed": "on",
    }  # fmt: skip
    return data | empty_inlines() | changes


def empty_inlines() -> dict[str, int]:
    """Return what a form sends for inlines without a row."""
    formsets = [
        inlineformset_factory(Post, inline.model, fk_name=inline.fk_name, fields="__all__")
        for inline in site.get_model_admin(Post).inlines
    ]
    return {
        f"{formset.get_default_prefix()}-{kind}_FORMS": 0
        for formset in formsets
        for kind in ("TOTAL", "INITIAL")
    }


def test_an_editor_writes_and_publishes_in_one_step(client, editor):
    tag = make_tag()
    client.post(reverse("admin:posts_post_add"), form_data(tags=[tag.pk], _publish="1"))
    post = Post.objects.get()
    assert post.is_published()
    assert list(post.tags.all()) == [tag]
    assert post.plain_text == "Body."
    assert client.get("/search/", {"q": "title"}).context["total"] == 1


def test_the_enter_key_saves_and_never_publishes(client, editor):
    page = client.get(reverse("admin:posts_post_add")).content.decode()
    assert page.index('name="_save"') < page.index('name="_publish"')


def test_the_pickers_popup_lists_the_library(client, editor):
    make_image()
    query = {"CKEditorFuncNum": "-1", "folder__id__exact": Folder.objects.get().pk}
    page = client.get(reverse("admin:posts_image_changelist"), query)
    assert page.status_code == 200
    assert "data-ckeditor-function" in page.content.decode()


def test_a_nul_in_the_autocomplete_is_refused_plainly(client, editor):
    query = {"app_label": "posts", "model_name": "post", "field_name": "topic", "term": "\x00"}
    assert client.get("/admin/autocomplete/", query).status_code == 400


def test_the_log_ins_byline_is_the_first_choice_of_author(client, editor):
    author = make_author(user=editor)
    form = client.get(reverse("admin:posts_post_add")).context["adminform"].form
    assert form.initial["author"] == author.pk


@pytest.mark.parametrize("name", ["post", "tag", "author", "series", "image"])
def test_an_admin_list_costs_the_same_at_10_and_100_rows(
    client, editor, name, django_assert_max_num_queries
):
    path = reverse(f"admin:posts_{name}_changelist")
    make_rows(10)
    with django_assert_max_num_queries(14) as few:
        client.get(path)
    make_rows(90)
    with django_assert_max_num_queries(14) as many:
        client.get(path)
    assert len(many) == len(few)


def make_rows(number: int) -> None:
    for _ in range(number):
        make_post(author=make_author(), topic=make_tag())


def test_the_form_opens_in_under_fifteen_queries(client, django_assert_max_num_queries):
    client.force_login(make_member("Editor"))
    make_rows(20)
    tags = (make_tag(), make_tag())
    post = make_post(tags=tags, topic=tags[0], lead_image=make_image(), lead_image_alt="A gate")
    for place, related in enumerate(Post.objects.exclude(pk=post.pk)[:8], 1):
        RelatedPost.objects.create(post=post, related=related, position=place, score=1)
    path = reverse("admin:posts_post_change", args=[post.pk])
    client.get(path)  # A running site has read its content types.
    with django_assert_max_num_queries(14):
        client.get(path)


def test_the_list_says_scheduled_for_a_time_to_come(client, editor):
    make_post(published_at=timezone.now() + timedelta(days=1))
    page = client.get(reverse("admin:posts_post_changelist")).content.decode()
    assert "Scheduled" in page


def bomb() -> bytes:
    """Return 900 million pixels in a hundred kilobytes."""
    output = io.BytesIO()
    Pillow.new("1", (30_000, 30_000)).save(output, "PNG")
    return output.getvalue()


def test_a_bomb_dropped_on_the_library_is_answered_in_words(client, editor):
    upload = SimpleUploadedFile("bomb.png", bomb())
    data = {"folder": Folder.objects.get().pk, "file": upload}
    response = client.post(reverse("admin:cabinet_upload"), data)
    assert response.status_code == 422
    assert "more than 50 megapixels" in response.json()["error"]


def test_a_broken_upload_is_answered_in_words(client, editor):
    response = client.post(
        reverse("admin:cabinet_upload"),
        {"folder": Folder.objects.get().pk, "file": SimpleUploadedFile("a.png", b"not an image")},
    )
    assert response.status_code == 422
    assert "not an image" in response.json()["error"]


def test_the_filters_stay_short_and_name_the_one_chosen(client, editor):
    topics = [make_tag(name=f"Topic {number:02}") for number in range(25)]
    for topic in topics[:24]:
        make_post(topic=topic)
        make_post(topic=topic)
    rare = make_post(topic=topics[24])
    page = client.get(reverse("admin:posts_post_changelist"), {"topic": topics[24].pk})
    assert list(page.context["cl"].queryset) == [rare]
    by_topic = next(s for s in page.context["cl"].filter_specs if s.title == "topic label")
    assert len(by_topic.lookup_choices) == 21
    assert by_topic.value() in dict(by_topic.lookup_choices)
