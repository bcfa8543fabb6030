"""The search index of imported posts: made after their rows, beside the import of the next ones.

Postgres takes as long for it as for the rows; on a connection of its own it does both at once.
What a broken-off import leaves without an index, the next run finds (see `aftermath`).
"""

from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection

from pbrsite.wordpress.bench import LARGE
from posts import search

MOST = 500  # posts indexed at once: half a second's locks, at which an editor's save may wait


class Indexer:
    """Indexes what is waiting whenever it is free; in a thread beside from so many posts on."""

    def __init__(self, posts: int) -> None:
        self._thread = ThreadPoolExecutor(1) if posts >= LARGE else None
        self._last: Future[None] | None = None
        self._waiting: list[int] = []

    def __enter__(self) -> "Indexer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.submit(_hang_up)
            self._thread.shutdown(wait=True)

    def index(self, post_ids: list[int]) -> None:
        """Index posts whose rows are committed; raises what went wrong with those before.

        The more there are at once, the less each costs: so those are gathered that come while
        others are indexed.
        """
        self._waiting += post_ids
        if self._thread is None or self._last is None or self._last.done() or self._is_full:
            self._begin()

    def wait(self) -> None:
        """Return when all posts are indexed."""
        self._begin()
        self._finish()

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST

    def _begin(self) -> None:
        self._finish()
        post_ids, self._waiting = self._waiting, []
        if self._thread is None:
            search.index(post_ids, size=MOST)
        elif post_ids:
            self._last = self._thread.submit(search.index, post_ids, size=MOST)

    def _finish(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            last.result()


def _hang_up() -> None:
    connection.close()  # That of the thread which runs this.
