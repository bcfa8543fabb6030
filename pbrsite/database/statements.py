"""Queries of one shape, asked on every page: their SQL is made once, their plan kept by Postgres.

Building and compiling the queries of a post's page costs Django more than all the rest of the page;
planning them costs Postgres five times what running them does. A statement keeps both: the SQL in
the process, the plan in each connection, as a prepared statement.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple, cast

from django.db import NotSupportedError, connection
from django.db.models import QuerySet
from django.db.models.query import ValuesListIterable, get_related_populators
from psycopg.types.numeric import Int8

from pbrsite.database.base import DatabaseWrapper

Values = TypeVarTuple("Values")
Row = TypeVar("Row")


class Statement(Generic[*Values, Row]):
    """A function's queryset as one prepared query; called, it returns the rows as a list.

    The function is called once, with stand-ins for its arguments: it may hand them to the query and
    nothing else, so that `now` is always one of them. They may be texts, moments, whole numbers
    and, for `= ANY(%s)`, lists of these. Each call is one query, which `assertNumQueries` counts;
    nothing is prefetched.
    """

    def __init__(self, build: Callable[[*Values], QuerySet[Any, Row]]) -> None:
        self.build = build
        self.made: _Made | None = None

    def __call__(self, *values: *Values) -> list[Row]:
        if self.made is None:
            self.made = _make(self.build, values)
        params = [_of_one_type(value) for value in values]
        try:
            return self.made.ask(params)
        except NotSupportedError:
            # A migration has changed a column's type since the statement was prepared.
            if connection.in_atomic_block:
                raise
            connection.close()
            return self.made.ask(params)


@dataclass(frozen=True)
class _Made:
    sql: str
    read: Callable[[Iterable[Any]], list[Any]]

    def ask(self, params: list[Any]) -> list[Any]:
        with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
            cursor.execute(self.sql, params)
            return self.read(cursor.fetchall())


def _make(build: Callable[..., QuerySet[Any, Any]], values: Iterable[Any]) -> _Made:
    stand_ins = [_stand_in(value, place) for place, value in enumerate(values, start=1)]
    queryset = build(*stand_ins)
    database = cast(DatabaseWrapper, connection)
    compiler = queryset.query.get_compiler(connection=database)
    sql, params = compiler.as_sql()
    # What never changes stays in the text: Postgres can match it with a partial index's condition.
    texts = [
        f"${stand_ins.index(param) + 1}"
        if param in stand_ins
        else database.ops.compose_sql("%s", [param])
        for param in params
    ]
    if any(isinstance(param, datetime) and param not in stand_ins for param in params):
        raise TypeError(f"{build.__name__} holds a moment of its own, which would stand still.")
    if missing := {f"${place}" for place in range(1, len(stand_ins) + 1)} - set(texts):
        raise TypeError(
            f"{build.__name__} does not hand {', '.join(missing)} to its query as it is."
        )
    return _Made(sql % tuple(texts), _reader(queryset, compiler))


def _of_one_type(value: Any) -> Any:
    """Return a number as `bigint`: psycopg sends each as the smallest type, one plan for each."""
    if isinstance(value, int):
        return Int8(value)
    return [Int8(item) for item in value] if isinstance(value, list) else value


def _stand_in(value: Any, place: int) -> Any:
    """Return a value of the same type that no query would hold by itself."""
    if isinstance(value, str):
        return f"@stand-in-{place}@"
    if isinstance(value, int):
        return 1_900_000_000 + place
    if isinstance(value, datetime):
        return datetime(1900, 1, place, tzinfo=UTC)
    if isinstance(value, list):
        return [1_900_000_000 + place]
    raise TypeError(f"{type(value).__name__} cannot be an argument of a statement.")


def _reader(queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[Iterable[Any]], list[Any]]:
    """Return what makes instances of fetched rows, as `ModelIterable` does, or plain tuples."""
    columns = [column[0] for column in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)
    if issubclass(queryset._iterable_class, ValuesListIterable):
        return lambda rows: list(map(tuple, compiler.apply_converters(rows, converters)))
    info = compiler.klass_info
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column in columns[first:last]]
    populators = get_related_populators(info, compiler.select, queryset.db)  # type: ignore[call-arg]
    annotations = list(compiler.annotation_col_map.items())

    def read(rows: Iterable[Any]) -> list[Any]:
        found = []
        for row in compiler.apply_converters(rows, converters):
            instance = info["model"].from_db(queryset.db, names, row[first:last])
            for populator in populators:
                populator.populate(row, instance)
            for name, place in annotations:
                setattr(instance, name, row[place])
            found.append(instance)
        return found

    return read
