"""Images of a blog's uploads: into the library once, onto the pages that show them."""

from contextlib import closing

import pytest
from PIL import Image as Pillow

from pbrsite.wordpress import illustrations, uploads
from posts.models import Image, ImageUse, ImportedItem, Post
from tests.pbrsite.wordpress.exports import ADDRESS, item

UPLOADS = f"{ADDRESS}/wp-content/uploads"
PICTURE = f'<img src="{UPLOADS}/2014/05/chart-300x200.png" alt="Fewer returns">'


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "uploads"
    for name, colour in [("2014/05/chart.png", "red"), ("2014/06/chart.png", "blue"),
                         ("2014/06/only.png", "green")]:  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Pillow.new("RGB", (60, 40), colour).save(folder / name)
    return folder


def test_an_image_goes_into_the_library_and_the_page_shows_it(imported, media, client):
    report = imported(item(f"{PICTURE}\n\nText", post_name="pilot"), media=media)
    image, post = Image.objects.get(), Post.objects.get()
    assert report["counts"]["image"]["created"] == 1
    assert image.image_file.url in client.get("/pilot/").content.decode()
    assert 'alt="Fewer returns"' in post.body
    assert ImageUse.objects.filter(image=image, post=post).exists()
    with closing(client.get(image.image_file.url)) as answer:
        assert answer.status_code == 200


def test_a_second_run_takes_nothing_in_again_and_needs_no_folder(imported, media):
    piece = item(PICTURE, post_id=1, post_name="pilot")
    imported(piece, media=media)
    again, without = imported(piece, media=media), imported(piece)
    assert Image.objects.count() == 1
    assert again["counts"]["post"]["unchanged"] == without["counts"]["post"]["unchanged"] == 1


def test_a_folder_given_later_brings_the_images_to_posts_that_are_here(imported, media):
    piece = item(PICTURE, post_id=1, post_name="pilot")
    first = imported(piece)
    assert illustrations.MISSING in str(first["notes"])
    report = imported(piece, media=media)
    assert report["counts"]["post"]["updated"] == 1
    assert "<img" in Post.objects.get().body


def test_equal_files_are_one_image(imported, media):
    (media / "2014/05/copy.png").write_bytes((media / "2014/05/chart.png").read_bytes())
    imported(item(f'{PICTURE}<img src="{UPLOADS}/2014/05/copy.png" alt="Again">'), media=media)
    assert Image.objects.count() == 1
    assert ImportedItem.objects.filter(kind="image").count() == 2


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("https://cdn.test/a/only.png", True),
        ("https://cdn.test/a/chart.png", False),
        (f"{UPLOADS}/2014/06/ONLY-scaled.png", True),
        (f"{UPLOADS}/../../secret.png", False),
        ("data:image/png;base64,AAAA", False),
    ],
    ids=["by its name", "a name of two files", "size and case", "outside the folder", "inline"],
)
def test_a_file_is_found_by_path_or_by_a_name_that_is_its_own(imported, media, source, found):
    Pillow.new("RGB", (9, 9)).save(media.parent / "secret.png")
    imported(item(f'<img src="{source}" alt="x">'), media=media)
    assert ("<img" in Post.objects.get().body) is found


def test_the_featured_image_leads_the_post(imported, media):
    attachment = item(
        post_id=9, post_type="attachment", status="inherit",
        attachment_url=f"{UPLOADS}/2014/06/only.png", meta={"_wp_attachment_image_alt": "A gate"},
    )  # fmt: skip
    imported(item(meta={"_thumbnail_id": "9"}), attachment, media=media)
    post = Post.objects.get()
    assert post.lead_image == Image.objects.get()
    assert post.lead_image_alt == "A gate"


def test_a_gallery_shows_its_attachments(imported, media):
    attachment = item(post_id=9, post_type="attachment", status="inherit",
                      attachment_url=f"{UPLOADS}/2014/06/only.png")  # fmt: skip
    imported(item('[gallery ids="9,10"]'), attachment, media=media)
    assert Post.objects.get().body.count("<figure><img") == 1


def test_what_is_no_image_is_left_out_with_its_reason(imported, media):
    (media / "2014/05/chart.png").write_text("<svg onload=alert(1)>")
    report = imported(item(PICTURE), media=media)
    assert report["counts"]["image"]["skipped"] == 1
    assert uploads.UNUSABLE in str(report["reasons"])
    assert "<img" not in Post.objects.get().body


def test_a_rehearsal_takes_no_image(imported, media, settings):
    report = imported(item(PICTURE), media=media, dry_run=True)
    assert report["counts"]["image"]["created"] == 1
    assert not Image.objects.exists()
    assert not list(settings.MEDIA_ROOT.rglob("*.png"))


def test_a_link_out_of_the_folder_is_not_followed(imported, media, tmp_path):
    (media / "2014/05/chart.png").rename(tmp_path / "secret.png")
    (media / "2014/06/chart.png").unlink()
    (media / "2014/05/chart.png").symlink_to(tmp_path / "secret.png")
    imported(item(PICTURE), media=media)
    assert not Image.objects.exists()
