"""A process beside the import, on another core, asked by pipe.

Where the system can, it is a fork of the import: that begins at once and has everything loaded;
elsewhere it is begun afresh, which takes most of a second. Only the import starts one.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import django
from django.apps import apps
from django.db import connections

_context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
_kept: list[object] = []


class GoneError(Exception):
    """The process beside has ended. What it was asked for has to be done here."""


class Beside:
    """One process, which answers in the order it is asked.

    `work` names what answers: a module and a function of one argument, as "package.module:name".
    """

    def __init__(self, work: str) -> None:
        self._pipe, there = _context.Pipe()
        self._process = _context.Process(target=_serve, args=(work, there, self._pipe), daemon=True)
        self._process.start()
        there.close()

    @classmethod
    def is_of_use(cls) -> bool:
        """Return whether there is another core."""
        return (os.cpu_count() or 1) > 1

    def ask(self, question: object) -> None:
        """Send a question and go on; raises GoneError."""
        try:
            self._pipe.send(question)
        except OSError as error:
            raise GoneError from error

    def answer(self) -> Any:
        """Return the next answer when it is there; raises GoneError."""
        try:
            return self._pipe.recv()
        except (OSError, EOFError) as error:
            raise GoneError from error

    def end(self) -> None:
        """End the process; what it has begun is lost."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(work: str, pipe: Connection, other_end: Connection) -> None:
    """Answer until nobody asks any more: what the process beside does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Whoever breaks off means the one that writes.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    other_end.close()  # Else the pipe would never end, though the import did.
    _leave_connections()
    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbrsite.settings")
        django.setup()
    module, _, name = work.partition(":")
    answer: Callable[[Any], object] = getattr(import_module(module), name)
    try:
        while True:
            pipe.send(answer(pipe.recv()))
    except (EOFError, OSError):
        return


def _leave_connections() -> None:
    """Open connections of our own. The import's are kept: closed here, they would end there."""
    for inherited in connections.all(initialized_only=True):
        _kept.append(inherited)
        del connections[inherited.alias]
