"""A process beside the import, on another core: `python -m pbrsite.wordpress`, asked by pipe.

Only the import starts one, and only what it sends is read there: so both ends may pickle.
"""

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings


class GoneError(Exception):
    """The process beside has ended. What it was asked for has to be done here."""


class Beside:
    """One process, which answers in the order it is asked."""

    def __init__(self, work: str) -> None:
        # No fork of ours: it would share the connection to the database.
        self._process = subprocess.Popen(  # noqa: S603 (our own program, no words of others)
            [sys.executable, "-m", __package__, work], cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @classmethod
    def is_of_use(cls) -> bool:
        """Return whether there is another core."""
        return (os.cpu_count() or 1) > 1

    def ask(self, question: object) -> None:
        """Send a question and go on; raises GoneError."""
        try:
            pickle.dump(question, self._stream(self._process.stdin))
            self._stream(self._process.stdin).flush()
        except (OSError, ValueError) as error:  # The latter from a pipe closed on our side.
            raise GoneError from error

    def answer(self) -> Any:
        """Return the next answer when it is there; raises GoneError."""
        try:
            return pickle.load(self._stream(self._process.stdout))  # noqa: S301 (our own program)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise GoneError from error

    def end(self) -> None:
        """End the process; what it has begun is lost."""
        self._process.kill()
        self._process.communicate()

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        if stream is None:
            raise GoneError
        return stream


def serve(requests: IO[bytes], answers: IO[bytes], work: Callable[[Any], object]) -> None:
    """Answer until nobody asks any more: what the process beside does."""
    while True:
        try:
            question = pickle.load(requests)  # noqa: S301 (from the process that began us)
        except (EOFError, pickle.UnpicklingError):  # Killed, perhaps in the middle of a word.
            return
        try:
            pickle.dump(work(question), answers)
            answers.flush()
        except BrokenPipeError:
            # The import is gone; Python would try to flush once more, and complain.
            with contextlib.suppress(OSError):
                os._exit(1)
