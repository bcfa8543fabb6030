"""The doorbells: what they do, what they refuse, and that ringing twice does no harm."""

import io
import socket
import tarfile
import tempfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from posts import gate
from posts.models import Post, RelatedPost, Tag
from tests.factories import make_post

pytestmark = pytest.mark.slow


def run(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture(scope="module")
def demo_twice(django_db_setup, django_db_blocker):
    """Load the demo twice in one transaction that is rolled back after the module."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield run("load_demo"), run("load_demo")
        transaction.set_rollback(True)


def test_the_demo_fills_an_empty_site_once(demo_twice):
    first, second = demo_twice
    assert "26 posts" in first
    assert "nothing loaded" in second
    assert Post.objects.count() == 26


def test_the_demo_makes_every_kind_of_page_worth_looking_at(demo_twice):
    assert Post.objects.published().count() == 24
    assert Post.objects.scheduled().count() == 1
    assert {tag.kind for tag in Tag.objects.all()} == {"theme", "organisation", "person", "item"}
    assert Tag.objects.exclude(introduction="").count() == 3
    assert Post.objects.filter(lead_image__isnull=False).count() >= 2
    published = Post.objects.published()
    assert all(post.excerpt and post.standfirst and 280 < post.word_count < 950
               for post in published)  # fmt: skip
    assert RelatedPost.objects.filter(post__in=published).count() >= 5 * 24


def test_the_gate_has_nothing_against_the_demo(demo_twice):
    found = {post.slug: gate.examine(post) for post in Post.objects.published()}
    assert len(found) == 24
    assert [slug for slug, said in found.items() if said.blocking or said.warnings] == []


@pytest.mark.django_db
def test_the_demo_leaves_a_site_with_posts_alone():
    make_post()
    assert "nothing loaded" in run("load_demo")
    assert Post.objects.count() == 1


@pytest.mark.django_db
def test_prepare_makes_an_editor_once_and_prints_the_log_in(settings, tmp_path):
    settings.VAR_DIR, settings.STATIC_ROOT = tmp_path / "var", tmp_path / "static"
    settings.VAR_DIR.mkdir()
    make_post()
    first, second = run("prepare"), run("prepare")
    password = (settings.VAR_DIR / "editor_password").read_text().strip()
    assert password in first
    assert password in second
    assert User.objects.get().check_password(password)
    assert (settings.VAR_DIR / "editor_password").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_prepare_stops_printing_a_password_that_was_changed(settings, tmp_path):
    settings.VAR_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    make_post()
    run("prepare")
    user = User.objects.get()
    user.set_password("another")
    user.save()
    assert (tmp_path / "editor_password").read_text().strip() not in run("prepare")


@pytest.mark.django_db
def test_prepare_without_demo_makes_nobody(settings, tmp_path):
    settings.VAR_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    assert run("prepare", "--no-demo") == ""
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_postgres_that_is_too_old_is_named(monkeypatch):
    monkeypatch.setattr("pbrsite.database.base.DatabaseFeatures.minimum_database_version", (99,))
    with pytest.raises(CommandError, match="PostgreSQL 99 or later is required"):
        run("prepare", "--no-demo")


@pytest.mark.django_db
def test_serve_says_when_the_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} .* Choose another"):
            run("serve", "--port", str(port))


@pytest.mark.parametrize(("option", "value"), [("--port", "0"), ("--workers", "99")])
def test_serve_refuses_an_impossible_number(option, value):
    with pytest.raises(CommandError, match="Allowed"):
        run("serve", option, value)


@pytest.mark.django_db(transaction=True)
def test_a_backup_brings_back_posts_and_images(settings, tmp_path):
    make_post(title="Kept")
    (settings.MEDIA_ROOT / "images").mkdir(parents=True)
    (settings.MEDIA_ROOT / "images" / "a.png").write_bytes(b"picture")
    run("backup", str(tmp_path / "all.tar"))
    Post.objects.all().delete()
    (settings.MEDIA_ROOT / "images" / "a.png").unlink()
    run("restore", str(tmp_path / "all.tar"))
    assert Post.objects.get().title == "Kept"
    assert (settings.MEDIA_ROOT / "images" / "a.png").read_bytes() == b"picture"
    assert (tmp_path / "all.tar").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_a_backup_cannot_write_outside_its_place(tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for name in ("../pbrsite-outside.txt", str(tmp_path / "absolute.txt")):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(CommandError, match="holds no database"):
        run("restore", str(tmp_path / "evil.tar"))
    assert not (Path(tempfile.gettempdir()) / "pbrsite-outside.txt").exists()
    assert not (tmp_path / "absolute.txt").exists()


@pytest.mark.django_db
def test_restore_does_not_overwrite_a_site_unasked(tmp_path):
    make_post()
    with pytest.raises(CommandError, match="Add --replace"):
        run("restore", str(tmp_path / "any.tar"))


@pytest.mark.django_db
def test_a_file_that_is_no_backup_restores_nothing(tmp_path):
    (tmp_path / "photo.tar").write_bytes(b"not a tar")
    with pytest.raises(CommandError, match=r"Nothing was restored: .* is not a backup"):
        run("restore", str(tmp_path / "photo.tar"))
