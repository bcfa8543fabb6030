"""The search index of imported posts: made after their rows, beside the import of the next ones.

It takes as long as the rows, in Python and in Postgres; in a process of its own both are made at
once. What a broken-off import leaves without an index, the next run finds (see `aftermath`).
"""

from typing import Any

from django.db import Error, connection

from pbrsite.wordpress.bench import LARGE
from pbrsite.wordpress.beside import Beside, GoneError
from posts import search

INDEX = "index"
MOST = 500  # posts indexed at once: half a second's locks, for which an editor's save may wait
LEAST = 200  # posts that are worth a question to the process beside

Question = tuple[dict[str, Any], list[int]]  # the database, the posts


def answer(question: Question) -> bool:
    """Do what the process beside is asked; return whether it is done."""
    database, post_ids = question
    connection.settings_dict |= database
    try:
        search.index(post_ids, size=MOST)
    except Error:  # The import tries itself, and says what is wrong.
        connection.close()
        return False
    return True


class Indexer:
    """Indexes what is waiting a few hundred at a time; in a process beside from so many posts on.

    The more there are at once, the less each costs: so those are gathered that come while others
    are indexed.
    """

    def __init__(self, posts: int, *, is_rehearsal: bool = False) -> None:
        self._is_large = posts >= LARGE and Beside.is_of_use() and not is_rehearsal
        self._beside: Beside | None = None
        self._waiting: list[int] = []
        self._asked: list[int] = []

    def __enter__(self) -> "Indexer":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def index(self, post_ids: list[int]) -> None:
        """Index posts whose rows are committed; raises what went wrong with those before."""
        self._waiting += post_ids
        if post_ids and self._is_large:  # None for a file of which all is here.
            self._is_large, self._beside = False, Beside(INDEX)
        if len(self._waiting) >= (LEAST if self._beside else 1):
            self._begin()

    def wait(self) -> None:
        """Return when all posts are indexed."""
        self._begin()
        self._finish()

    def _begin(self) -> None:
        self._finish()
        self._asked, self._waiting = self._waiting, []
        if self._beside is not None and self._asked:
            try:
                self._beside.ask((connection.settings_dict, self._asked))
            except GoneError:
                self._end()
        if self._beside is None:
            self._finish()

    def _finish(self) -> None:
        """Wait for what was asked for last; do it here where nobody has."""
        asked, self._asked = self._asked, []
        if asked and not self._is_done():
            search.index(asked, size=MOST)

    def _is_done(self) -> bool:
        if self._beside is None:
            return False
        try:
            return bool(self._beside.answer())
        except GoneError:
            self._end()
            return False

    def _end(self) -> None:
        if self._beside is not None:
            self._beside.end()
            self._beside = None
