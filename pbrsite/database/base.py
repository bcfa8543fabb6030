"""Django's PostgreSQL backend, which starts the embedded server before the first connection."""

import select
import time
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, features, operations
from django.db.backends.utils import CursorWrapper
from psycopg import Error, RawCursor, pq
from psycopg.adapt import Loader
from psycopg.errors import error_from_result
from psycopg.pq import abc
from psycopg.types.array import ListDumper
from psycopg.types.string import TextBinaryLoader

from pbrsite.database import server

ASKED_AGAIN_SECONDS = 10
NO_SUCH_STATEMENT = b"26000"


class DatabaseFeatures(features.DatabaseFeatures):
    minimum_database_version = (15,)


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Return the SQL for the log of queries; a prepared one with `$1` for its values."""
        return super().last_executed_query(cursor, sql, params) or str(sql)


class PreparedCursor(RawCursor):
    """A cursor whose SQL has its parameters as `$1`; prepared at its first use in a connection.

    Its rows come in binary, which psycopg reads in C; Django's own loader of times is Python.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, binary=True)


class TextsDumper(ListDumper):
    """Writes a list of texts as an array at once: psycopg escapes each quote by a call of Python.

    An archive's bodies, written by the hundred, took half as long to write down as to store.
    """

    def dump(self, obj: list[Any]) -> abc.Buffer | None:
        if not obj or not all(isinstance(item, str) and "\0" not in item for item in obj):
            return super().dump(obj)  # Which says why Postgres has no NUL.
        escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in obj)
        return ('{"' + '","'.join(escaped) + '"}').encode()


class JsonText(Loader):
    """Leaves `jsonb` as text, which is what Django's JSONField reads."""

    format = pq.Format.BINARY

    def load(self, data: Any) -> str:
        return bytes(data)[1:].decode()  # The first byte is the format's version.


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answered_at = -inf  # on the clock of time.monotonic()
        self.questions: set[bytes] = set()  # names of what `ask` has prepared in this connection

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's keyword arguments; the embedded server answers by then."""
        params: dict[str, Any] = super().get_connection_params()
        data = params.pop("embedded_in", None)
        if data:
            params["host"] = str(server.ensure_running(Path(data)))
        # Django turns prepared statements off. Its own cursors never use them in any case.
        params["prepare_threshold"] = 0
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_dumper(list, TextsDumper)
        connection.adapters.register_loader("jsonb", JsonText)
        connection.adapters.register_loader("json", TextBinaryLoader)
        self.answered_at, self.questions = -inf, set()
        return connection

    def is_usable(self) -> bool:
        """Return whether the server still answers; Django asks at the start of each request.

        A connection that answered seconds ago is not asked again unless something waits in it: a
        server that closes an idle one says so first, and that shows without a round trip.
        """
        socket: abc.PGconn = self.connection.pgconn
        now = time.monotonic()
        try:
            waiting, _, _ = select.select([socket.socket], [], [], 0)
            if waiting or now - self.answered_at > ASKED_AGAIN_SECONDS:
                socket.exec_(b"SELECT 1")
                self.answered_at = now
        except (Error, ValueError):  # The latter from a socket that is closed on our side.
            return False
        return socket.status == pq.ConnStatus.OK

    def prepared_cursor(self) -> CursorWrapper:
        """Return a cursor for `pbrsite.database.statements`; Django's own never prepare."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            wrapped: CursorWrapper = self._prepare_cursor(  # type: ignore[attr-defined]
                PreparedCursor(self.connection)
            )
        return wrapped

    def ask(self, name: bytes, question: bytes, value: bytes) -> list[bytes | None] | None:
        """Return the first row of the answer as text; None without an answer or a connection.

        Beneath all cursors and nearly free, for the one question of every request. It is prepared
        in each connection under its name; not within a transaction, which a failure would end.
        """
        if self.connection is None:
            return None
        socket: abc.PGconn = self.connection.pgconn
        try:
            if socket.transaction_status == pq.TransactionStatus.IDLE:
                answer = self._ask_prepared(socket, name, question, [value])
            else:
                answer = socket.exec_params(question, [value])
        except Error:
            return None
        if answer.status != pq.ExecStatus.TUPLES_OK or not answer.ntuples:
            return None
        self.answered_at = time.monotonic()
        return [answer.get_value(0, column) for column in range(answer.nfields)]

    def order(
        self, name: bytes, statement: str, values: Sequence[bytes | None], *,
        meanwhile: Callable[[], None],
    ) -> list[tuple[Any, ...]]:  # fmt: skip
        """Run a statement that commits by itself and return its rows; values and rows are text.

        Beneath all cursors, like `ask`, for what is done thousands of times in a row; but a failure
        is raised, as Django raises it, and the statement counts among the queries. `meanwhile` is
        called once, while the server works where it can.
        """
        if self.connection is None:
            self.ensure_connection()
        socket: abc.PGconn = self.connection.pgconn
        with self.wrap_database_errors:
            if name in self.questions and socket.transaction_status == pq.TransactionStatus.IDLE:
                answer = self._ask_beside(socket, name, values, meanwhile)
            else:
                answer = None
                meanwhile()
            if answer is None:
                answer = self._ask_first(socket, name, statement.encode(), values)
            if answer.status != pq.ExecStatus.TUPLES_OK:
                raise error_from_result(answer)
        if self.queries_logged:
            self.queries_log.append({"sql": statement, "time": "0.000"})
        columns = range(answer.nfields)
        return [
            tuple(answer.get_value(row, column) for column in columns)
            for row in range(answer.ntuples)
        ]

    def _ask_beside(
        self, socket: abc.PGconn, name: bytes, values: Sequence[bytes | None],
        meanwhile: Callable[[], None],
    ) -> abc.PGresult | None:  # fmt: skip
        """Return the answer of a prepared statement; None when it is prepared no longer."""
        socket.send_query_prepared(name, values)
        try:
            meanwhile()
        finally:
            # Waited for here, where other threads go on: `get_result` would let none of them.
            waiting = select.poll()
            waiting.register(socket.socket, select.POLLIN)
            while socket.flush() or socket.is_busy():
                waiting.poll()
                socket.consume_input()
            answer = socket.get_result()
            while socket.get_result():
                pass
        if answer is None or _is_unprepared(answer):
            return None
        return answer

    def _ask_first(
        self, socket: abc.PGconn, name: bytes, statement: bytes, values: Sequence[bytes | None]
    ) -> abc.PGresult:
        if socket.transaction_status == pq.TransactionStatus.IDLE:
            return self._ask_prepared(socket, name, statement, values)
        return socket.exec_params(statement, values)

    def _ask_prepared(
        self, socket: abc.PGconn, name: bytes, question: bytes, values: Sequence[bytes | None]
    ) -> abc.PGresult:
        if name in self.questions:
            answer = socket.exec_prepared(name, values)  # type: ignore[arg-type]
            if not _is_unprepared(answer):
                return answer
        # Not met yet, or forgotten: psycopg lets go of all that is prepared after a rollback.
        socket.prepare(name, question)
        self.questions.add(name)
        return socket.exec_prepared(name, values)  # type: ignore[arg-type]


def _is_unprepared(answer: abc.PGresult) -> bool:
    return answer.error_field(pq.DiagnosticField.SQLSTATE) == NO_SUCH_STATEMENT
