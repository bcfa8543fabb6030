"""Where bodies are made: here, or for a large archive in a process beside, on another core.

Making a body takes most of an import's time in Python and asks nothing of the database, which
meanwhile writes the batch before.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.conf import settings

from pbrsite.wordpress import bodies
from pbrsite.wordpress.bodies import Body, Place
from posts import rendering
from posts.rendering import Rendering

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


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Make what is asked for until nobody asks any more: what the process beside does."""
    while True:
        try:
            texts, place = pickle.load(requests)  # noqa: S301 (from the process that began us)
        except EOFError:
            return
        try:
            pickle.dump(make(texts, place), answers)
            answers.flush()
        except BrokenPipeError:
            os._exit(1)  # The import is gone; Python would try to flush once more, and complain.


class Bench:
    """Makes the bodies of one batch at a time; in a process beside from so many posts on."""

    def __init__(self, posts: int) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: tuple[Texts, Place] | None = None
        if posts >= LARGE and (os.cpu_count() or 1) > 1:
            # No fork of ours: it would share the connection to the database.
            self._process = subprocess.Popen(  # noqa: S603 (our own program, no words of others)
                [sys.executable, "-m", __package__], cwd=settings.BASE_DIR,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def begin(self, texts: Texts, place: Place) -> None:
        """Begin to make these; `result` is to be asked before the next."""
        self._asked = (texts, place)
        if self._process is not None and self._process.stdin is not None:
            try:
                pickle.dump(self._asked, self._process.stdin)
                self._process.stdin.flush()
            except OSError:
                self._process = None  # It died: we make them ourselves.

    def result(self) -> list[Made]:
        """Return what was begun, once."""
        if self._asked is None:
            return []
        (texts, place), self._asked = self._asked, None
        if self._process is not None and self._process.stdout is not None:
            try:
                made: list[Made] = pickle.load(self._process.stdout)  # noqa: S301 (our own program)
            except (OSError, EOFError, pickle.UnpicklingError):
                self._process = None
            else:
                return made
        return make(texts, place)
