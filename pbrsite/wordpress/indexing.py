"""The search index of imported posts: made after their rows, for a large archive beside them.

Postgres takes as long for it as for the rows; on a connection of its own it does both at once.
What a broken-off import leaves without an index, the next run finds (see `aftermath`).
"""

from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection

from pbrsite.wordpress.bench import LARGE
from posts import search


class Indexer:
    """Indexes one batch at a time; in a thread beside from so many posts on."""

    def __init__(self, posts: int) -> None:
        self._thread = ThreadPoolExecutor(1) if posts >= LARGE else None
        self._last: Future[None] | None = None

    def __enter__(self) -> "Indexer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.submit(_hang_up)
            self._thread.shutdown(wait=True)

    def index(self, post_ids: list[int]) -> None:
        """Index posts whose rows are committed; raises what went wrong with those before."""
        if not post_ids:
            return
        if self._thread is None:
            search.index(post_ids)
            return
        self.wait()
        self._last = self._thread.submit(search.index, post_ids)

    def wait(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            last.result()


def _hang_up() -> None:
    connection.close()  # That of the thread which runs this.
