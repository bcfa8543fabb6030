"""Where bodies are made: here, or for a large archive in a process beside, on another core.

Making a body takes most of an import's time in Python and asks nothing of the database, which
meanwhile writes the batch before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pbrsite.wordpress import bodies
from pbrsite.wordpress.beside import Beside, GoneError
from pbrsite.wordpress.bodies import Body, Place
from posts import rendering
from posts.rendering import Rendering

BODIES = "bodies"
LARGE = 200  # posts: below, starting a process takes longer than it saves
Texts = Sequence[tuple[str, str]]  # contents, each with the key its notes' ids are made with


@dataclass(frozen=True)
class Made:
    """A body, and what is made of it for the page."""

    body: Body
    page: Rendering
    key: str


def make(texts: Texts, place: Place) -> list[Made]:
    """Return what is made of each text. Pure."""
    known = {picture.name: picture for picture in place.pictures.values()}
    made = []
    for content, key in texts:
        body = bodies.convert(content, place)
        made.append(Made(body, rendering.render(body.html, known, key=key), key))
    return made


def answer(question: tuple[Texts, Place]) -> list[Made]:
    """Do what the process beside is asked."""
    return make(*question)


class Bench:
    """Makes the bodies of one batch at a time; in a process beside from so many posts on."""

    def __init__(self, posts: int) -> None:
        self._is_large = posts >= LARGE and Beside.is_of_use()
        self._beside: Beside | None = None
        self._next: Beside | None = None  # It is starting.
        self._asked: tuple[Texts, Place] | None = None

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def begin(self, texts: Texts, place: Place) -> None:
        """Begin to make these; `result` is to be asked before the next."""
        self._asked = (texts, place)
        if texts and self._is_large:
            # None for a file of which all is here; and while it starts, the first are made here.
            self._is_large, self._next = False, Beside(BODIES)
        elif self._next is not None:
            self._beside, self._next = self._next, None
        if self._beside is not None:
            try:
                self._beside.ask(self._asked)
            except GoneError:
                self._end()

    def result(self) -> list[Made]:
        """Return what was begun, once; made here where the process beside has died."""
        if self._asked is None:
            return []
        asked, self._asked = self._asked, None
        if self._beside is not None:
            try:
                made: list[Made] = self._beside.answer()
            except GoneError:
                self._end()
            else:
                return made
        return make(*asked)

    def _end(self) -> None:
        for process in filter(None, (self._beside, self._next)):
            process.end()
        self._beside = self._next = None
