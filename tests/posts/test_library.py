"""The media library: what is used where, twins, replacing, deleting; who may do it."""

import pytest
from cabinet.models import Folder
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.urls import reverse

from posts import library, renditions
from posts.models import Image, ImageUse, Post
from tests.factories import make_member, make_post, make_staff
from tests.posts.test_images import make_image, picture
from tests.posts.test_media import get, using

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = "/admin/posts/image/"


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


@pytest.mark.parametrize("query", ["_popup=1&CKEditorFuncNum=1", "_popup=1"])
def test_the_picker_says_how_to_choose_and_offers_nothing_else(client, editor, query):
    make_image()
    page = client.get(f"{LIST}?{query}").content.decode()
    assert "<h1>Choose a picture</h1>" in page
    assert "Use this one" in page
    assert not any(
        words in page for words in ("Log out", 'name="action"', ">Named<", ">Thumbnail<")
    )


def test_the_library_itself_chooses_nothing(client, editor):
    make_image()
    page = client.get(LIST).content.decode()
    assert "Use this one" not in page
    assert 'name="action"' in page


def test_one_post_shows_the_new_file(client, editor):
    image = make_image(picture(size=(40, 20)))
    using(image)
    path = reverse("admin:posts_image_replace", args=[image.pk])
    page = client.post(path, {"file": upload()}, follow=True).content.decode()
    assert "1 post now shows the new file." in page


def staff_with(*names: str) -> User:
    user = User.objects.create_user(f"staff-{'-'.join(names)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def upload(colour: str = "red", name: str = "new.png", size=(60, 30)) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(size=size, color=colour), "image/png")


def uses() -> set[tuple[int, int]]:
    return set(ImageUse.objects.values_list("image_id", "post_id"))


def test_a_post_records_the_images_of_its_body_and_its_lead():
    first, second, third = make_image(), make_image(), make_image()
    post = using(first, lead_image=second, lead_image_alt="x")
    assert uses() == {(first.pk, post.pk), (second.pk, post.pk)}
    post.body, post.lead_image = f'<img src="{third.image_file.url}" alt="x">', None
    post.save()
    assert uses() == {(third.pk, post.pk)}
    post.delete()
    assert uses() == set()


def test_recording_twice_changes_nothing_and_mends_what_is_wrong(django_assert_num_queries):
    posts = [using(make_image()) for _ in range(3)]
    right = uses()
    ImageUse.objects.filter(post=posts[0]).delete()
    library.record_uses(Post.objects.all())
    assert uses() == right
    with django_assert_num_queries(2):
        library.record_uses(posts)


def test_a_post_without_images_costs_one_query_more(django_assert_num_queries):
    post = make_post()
    with django_assert_num_queries(1):
        library.record_uses([post])


def test_what_is_used_cannot_be_deleted_and_the_page_says_where(client, editor):
    image = make_image()
    post = using(image, title="The post that uses it", status="draft")
    with pytest.raises(ProtectedError):
        image.delete()
    page = client.get(f"{LIST}{image.pk}/delete/").content.decode()
    assert "An image in use cannot be deleted" in page
    assert reverse("admin:posts_post_change", args=[post.pk]) in page


@pytest.mark.parametrize("page", ["change", "replace", "delete"])
def test_an_author_learns_no_title_of_anothers_draft_from_an_image(client, page):
    image, person = make_image(), make_member("Author")
    person.user_permissions.set(Permission.objects.filter(codename__endswith="e_image"))
    for title, status in (("In public", "published"), ("Own", "draft"), ("Secret", "draft")):
        using(image, title=title, status=status)
    Post.objects.filter(title="Own").update(created_by=person)
    client.force_login(person)
    shown = client.get(f"{LIST}{image.pk}/{page}/").content.decode()
    assert "In public</a>" in shown
    assert "Own</a>" in shown
    assert "Secret" not in shown
    assert "1 other post<" in shown


def test_what_is_deleted_is_gone_with_all_its_files(
    client, editor, django_capture_on_commit_callbacks
):
    image = make_image()
    renditions.make(image.pk)
    paths = [renditions.path_of(name) for name in (image.image_file.name, image.picture.thumbnail)]
    with django_capture_on_commit_callbacks(execute=True):
        data = {"action": "delete_selected", "_selected_action": [image.pk], "post": "yes"}
        client.post(LIST, data)
    assert not Image.objects.exists()
    assert not any(path.exists() for path in paths)


def test_a_replaced_file_is_shown_by_every_post_and_nothing_else_of_them_changes():
    image = make_image(picture(size=(40, 20)))
    post = using(image)
    kept = [post.saved_at, post.published_at, post.revised_at, post.body]
    assert [found.pk for found in image.replace(upload())] == [post.pk]
    post.refresh_from_db()
    assert kept == [post.saved_at, post.published_at, post.revised_at, post.body]
    assert image.image_file.url in post.body_html
    assert 'width="60" height="30"' in post.body_html
    post.save()  # The body still holds the old address, which means the same image.
    assert image.image_file.url in post.body_html
    assert uses() == {(image.pk, post.pk)}


def test_a_replaced_file_is_gone_and_its_address_leads_to_the_new_one(
    client, django_capture_on_commit_callbacks
):
    image = make_image()
    old, path = image.image_file.url, renditions.path_of(str(image.image_file.name))
    using(image)
    with django_capture_on_commit_callbacks(execute=True):
        image.replace(upload("red"))
        image.replace(upload("blue"))
    assert not path.exists()
    assert get(client, old)["Location"] == image.image_file.url
    assert get(client, image.image_file.url).status_code == 200


@pytest.mark.parametrize(
    ("size", "focus"), [((80, 40), "0.2x0.3"), ((40, 80), "0.5x0.5")], ids=["same form", "other"]
)
def test_a_new_file_of_the_same_form_keeps_the_focal_point(size, focus):
    image = make_image(picture(size=(40, 20)))
    image.image_ppoi = "0.2x0.3"
    image.save()
    image.replace(upload(size=size))
    assert image.image_ppoi == focus


@pytest.mark.parametrize("data", [b"<svg/>", picture("JPEG", size=(400, 400))[:700], picture()])
def test_a_file_that_will_not_do_replaces_nothing(client, editor, data):
    image = make_image(picture())
    before = image.image_file.name
    with pytest.raises(ValidationError):
        image.replace(SimpleUploadedFile("a.png", data))
    file = SimpleUploadedFile("a.png", data, "image/png")
    page = client.post(f"{LIST}{image.pk}/replace/", {"file": file}).content.decode()
    assert "errorlist" in page
    assert Image.objects.get().image_file.name == before


def test_the_page_to_replace_says_where_it_is_used_and_then_how_many(client, editor):
    image = make_image()
    using(image, title="The post that uses it")
    page = client.get(f"{LIST}{image.pk}/replace/").content.decode()
    assert "The post that uses it" in page
    assert "Replace it in 1 post" in page
    done = client.post(f"{LIST}{image.pk}/replace/", {"file": upload()}, follow=True)
    assert "1 post now show" in done.content.decode()


def test_a_second_copy_is_noticed_and_asked_about(client, editor):
    there = make_image(name="there.png")
    using(there, title="The post that uses it")
    folder = Folder.objects.get()
    data = {"folder": folder.pk, "image_alt_text": "", "credit": ""}
    file = SimpleUploadedFile("again.png", picture(), "image/png")
    page = client.post(f"{LIST}add/", data | {"image_file": file}, follow=True).content.decode()
    assert "in the library already" in page
    assert "there.png" in page
    assert "The post that uses it" in page
    answer = client.post(
        reverse("admin:cabinet_upload"),
        {"folder": folder.pk, "file": SimpleUploadedFile("third.png", picture())},
    ).json()
    assert (answer["twin"]["name"], answer["twin"]["used"]) == ("there.png", 1)


@pytest.mark.parametrize(("choice", "left"), [("use", 1), ("keep", 2)])
def test_one_is_taken_or_both_are_kept(client, editor, choice, left):
    there, again = make_image(name="there.png"), make_image(name="again.png")
    client.post(f"{LIST}{again.pk}/twin/", {choice: "1"})
    assert Image.objects.count() == left
    assert Image.objects.filter(pk=there.pk).exists()


def test_a_copy_in_use_or_the_older_one_is_never_removed(client, editor):
    there, again = make_image(), make_image()
    client.post(f"{LIST}{there.pk}/twin/", {"use": "1"})
    using(again)
    client.post(f"{LIST}{again.pk}/twin/", {"use": "1"})
    assert Image.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"used.png", "twin.png", "alone.png"}),
        ("?use=unused", {"twin.png", "alone.png"}),
        ("?use=twins", {"used.png", "twin.png"}),
        ("?q=alone", {"alone.png"}),
        ("?folder__id__exact={empty}", set()),
    ],
)
def test_the_list_shows_all_unused_twins_or_one_folder(client, editor, query, names):
    empty = Folder.objects.create(name="Charts")
    using(make_image(name="used.png"))
    make_image(name="twin.png")
    make_image(picture(color="blue"), name="alone.png")
    response = client.get(LIST + query.format(empty=empty.pk))
    assert {image.file_name for image in response.context["cl"].result_list} == names


@pytest.mark.parametrize("number", [10, 100])
def test_the_list_costs_the_same_for_ten_and_a_hundred(
    client, editor, number, django_assert_num_queries
):
    images = [make_image(name=f"{index}.png") for index in range(10)]
    using(images[0])
    Image.objects.bulk_create(
        Image(folder=images[0].folder, image_file=f"images/{index}.png", file_name="a",
              file_size=1, image_width=40, image_height=20)
        for index in range(number - 10)
    )  # fmt: skip
    with django_assert_num_queries(10):
        client.get(LIST)


def test_the_list_shows_small_copies_and_no_original(client, editor):
    image = make_image()
    page = client.get(LIST).content.decode()
    assert image.picture.thumbnail_url in page
    assert f'src="{image.image_file.url}"' not in page


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        (["view_image"], {"list"}),
        (["view_image", "add_image"], {"list", "upload", "twin"}),
        (["view_image", "change_image"], {"list", "replace"}),
        (["view_image", "delete_image"], {"list", "delete"}),
        (["view_post", "change_post"], set()),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_each_page_asks_for_its_own_permission(client, names, allowed):
    first, image = make_image(), make_image()
    client.force_login(staff_with(*names))
    pages = {"list": LIST, "replace": f"{LIST}{image.pk}/replace/",
             "twin": f"{LIST}{image.pk}/twin/", "delete": f"{LIST}{image.pk}/delete/"}  # fmt: skip
    found = {name for name, url in pages.items() if client.get(url).status_code == 200}
    data = {"folder": first.folder.pk, "file": upload()}
    if client.post(reverse("admin:cabinet_upload"), data).status_code == 200:
        found.add("upload")
    assert found == allowed


def test_a_focal_point_outside_the_image_is_refused(client, editor):
    image = make_image()
    data = {"folder": image.folder.pk, "image_alt_text": "", "credit": "", "image_ppoi": "3x0.5"}
    page = client.post(f"{LIST}{image.pk}/change/", data).content.decode()
    assert "Choose a point inside the image" in page


def test_the_facts_of_a_chosen_image_are_for_those_who_may_see_it(client, editor):
    image = make_image()
    assert client.get(f"{LIST}{image.pk}/facts/").json()["name"] == "photo.png"
    client.force_login(staff_with("change_post"))
    assert client.get(f"{LIST}{image.pk}/facts/").status_code == 403


def test_no_cookie_of_the_library_follows_staff_to_the_readers_pages(client, editor):
    assert client.get(LIST).cookies["cabinet_folder"]["path"] == "/admin/"


def test_a_list_of_posts_with_images_costs_no_query_more(client, django_assert_num_queries):
    make_post()
    with django_assert_num_queries(4):
        client.get("/")
    for _ in range(5):
        make_post(lead_image=make_image(), lead_image_alt="x")
    with django_assert_num_queries(4):
        client.get("/")
