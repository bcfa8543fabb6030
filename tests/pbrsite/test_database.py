"""The embedded Postgres: any path, many processes, the last one out stops it."""

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection, transaction

from pbrsite.database import server
from tests.environment import ROOT

pytestmark = pytest.mark.slow

CLIENT = """
import sys
from pathlib import Path
import psycopg
from pbrsite.database import server
sockets = server.ensure_running(Path(sys.argv[1]))
with psycopg.connect(host=str(sockets), user="postgres", dbname="postgres") as connection:
    for query in sys.argv[2:]:
        answer = connection.execute(query)
    print(answer.fetchone()[0], flush=True)
sys.stdin.readline()
"""


def client(data: Path, *queries: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(data), *(queries or ["SELECT 1"])], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def is_running(data: Path) -> bool:
    return server._is_running(data)


@pytest.fixture
def data() -> Iterator[Path]:
    """Return a folder not below pytest's own, which each new pytest closes to the server's user."""
    with tempfile.TemporaryDirectory(prefix="a path with it's own space ") as folder:
        yield Path(folder) / "postgres"


def test_it_runs_from_a_path_with_a_space_and_keeps_its_data(data):
    first = client(data, "CREATE TABLE kept AS SELECT 7 AS n", "SELECT n FROM kept")
    assert first.communicate("\n", timeout=60)[0] == "7\n"
    assert not is_running(data)
    second = client(data, "SELECT n FROM kept")
    assert second.communicate("\n", timeout=60)[0] == "7\n"


def test_the_last_process_out_stops_it_also_after_a_crash(data):
    first, second = client(data), client(data)
    assert [process.stdout and process.stdout.readline() for process in (first, second)] == [
        "1\n",
        "1\n",
    ]
    second.kill()
    second.communicate(timeout=30)
    assert is_running(data)
    first.communicate("\n", timeout=60)
    assert not is_running(data)


def test_its_log_holds_no_words_of_a_row_that_was_refused(data):
    words = "INSERT INTO kept VALUES ('what a reader wrote')"
    failing = client(data, "CREATE TABLE kept (said text UNIQUE)", words, words)
    failing.communicate("\n", timeout=60)
    log = (data / "server.log").read_text()
    assert "duplicate key value" in log
    assert "a reader" not in log


def test_it_listens_to_nobody_but_this_user_whatever_was_broken_off(data):
    half_made = data.with_name("postgres.new")
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    process = client(data, "SELECT setting FROM pg_settings WHERE name = 'listen_addresses'")
    assert process.communicate("\n", timeout=60)[0] == "\n"


def test_a_socket_folder_that_somebody_else_laid_is_refused(monkeypatch, tmp_path):
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    with pytest.raises(server.EmbeddedPostgresError, match="belongs to somebody else"):
        server._own(trap)


def test_a_long_path_gets_a_short_socket(tmp_path):
    deep = tmp_path / ("d" * 90) / "postgres"
    assert len(str(server.socket_folder(deep)) + "/.s.PGSQL.5432") < 107


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_said_in_words(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(server.EmbeddedPostgresError, match="Make the folder writable"):
        server.ensure_running(tmp_path / "postgres")


def test_a_folder_that_cannot_be_made_is_said_in_words():
    with pytest.raises(server.EmbeddedPostgresError, match="set DATABASE_URL"):
        server.ensure_running(Path("/proc/nothing/postgres"))


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_has_closed_is_noticed_without_asking():
    connection.ensure_connection()
    assert connection.is_usable(), "asked"
    assert connection.is_usable(), "looked at"
    with psycopg.connect(**connection.get_connection_params()) as beside:
        beside.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    said, _, _ = select.select([connection.connection.pgconn.socket], [], [], 10)
    assert said, "the server says so, and only then does it close"
    assert not connection.is_usable()
    connection.close()


@pytest.mark.django_db
def test_a_list_of_texts_arrives_as_it_is():
    texts = ['"', "\\", "\\\"'", "null", "", "{a,b}", " é\n"]
    with connection.cursor() as cursor:
        for some in (texts, [*texts, None], []):
            cursor.execute("SELECT %s::text[]", [some])
            assert cursor.fetchone()[0] == some
        with pytest.raises(DataError, match="NUL"):
            cursor.execute("SELECT %s::text[]", [["a\0"]])


@pytest.mark.django_db(transaction=True)
def test_a_question_is_answered_after_all_that_was_prepared_is_let_go():
    connection.ensure_connection()
    database: Any = connection
    question = (b"answer", b"SELECT upper($1)", b"yes")
    assert database.ask(*question) == [b"YES"]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert database.ask(*question) == [b"YES"]
    with transaction.atomic():
        assert database.ask(*question) == [b"YES"], "within a transaction, too"
    connection.close()
    assert database.ask(*question) is None, "no connection is made for it"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_killed_server_counts_as_dead_before_its_parent_has_noticed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # Ended, and not taken note of.
        (tmp_path / "postmaster.pid").write_text(f"{ended.pid}\n")
        assert server._is_dead(tmp_path)
    assert not server._is_dead(tmp_path)
