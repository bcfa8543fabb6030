"""The processes beside a large import: two of them, and none of which it cannot do without."""

import pytest

from pbrsite.wordpress import indexing
from pbrsite.wordpress.beside import Beside
from posts import search
from posts.indexing import SearchEntry
from posts.models import Post
from tests.pbrsite.wordpress.exports import item

# Outside of a test's own transaction, in which another process sees no post.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def begun(monkeypatch) -> list[Beside]:
    """Have every import be a large one; return the processes it begins."""
    found: list[Beside] = []
    begin = Beside.__init__

    def note(self, work: str) -> None:
        begin(self, work)
        found.append(self)

    monkeypatch.setattr(Beside, "__init__", note)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("pbrsite.wordpress.bench.LARGE", 1)
    monkeypatch.setattr(indexing, "LARGE", 1)
    monkeypatch.setattr(indexing, "LEAST", 1)
    monkeypatch.setattr("pbrsite.wordpress.importing.BATCH", 2)
    return found


def pieces() -> list[str]:
    return [item(f"<p>Peterborough, part {n}</p>", post_id=n) for n in range(1, 7)]


def test_posts_are_made_and_indexed_beside(begun, imported, monkeypatch):
    monkeypatch.delattr("posts.search.index")  # Not in this process.
    imported(*pieces())
    assert len(begun) == 2
    assert all(process._process.returncode is not None for process in begun)
    begun.clear()
    imported(*pieces())
    assert not begun, "nothing new"
    monkeypatch.undo()
    assert search.within(Post.objects.published(), "peterborough").count() == 6


def test_what_a_dead_process_would_have_done_is_done_here(begun, imported, monkeypatch):
    note = Beside.__init__

    def kill(self, work: str) -> None:
        note(self, work)
        self.end()

    monkeypatch.setattr(Beside, "__init__", kill)
    imported(*pieces())
    assert (len(begun), Post.objects.count(), SearchEntry.objects.count()) == (2, 6, 6)


def test_a_rehearsal_indexes_nothing_beside(begun, imported):
    assert imported(*pieces(), dry_run=True)["counts"]["post"]["created"] == 6
    assert len(begun) == 1
    assert not SearchEntry.objects.exists()
