"""What an import of a WordPress blog costs: `pytest -m benchmark -s tests/benchmarks`."""

import os
import random
import re
import resource
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings as site
from django.db import connection
from django.utils import timezone

from pbrsite.wordpress import bench, importing
from pbrsite.wordpress.bodies import Place
from pbrsite.wordpress.importing import BATCH, Options
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Report
from posts import search
from posts.indexing import SearchEntry, SearchTerm
from posts.models import Post
from posts.tagging import batches
from tests.pbrsite.wordpress import exports

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

POSTS, WORDS = 3_000, 450
FEW, MANY, FEW_WORDS = 500, 20_000, 150
MOST_MS = 10.0  # of processor time a post, all processes: on two cores 200 posts a second
MOST_RATIO = 6.0  # to writing the same rows, finished, with their search index
MOST_GROWTH = 1.3
LONG, MOST_LONGER = 500_000, 3.0  # characters of a body; so much longer for twice as many
RNG = random.Random(7)  # noqa: S311 (no secret)
VOCABULARY = [f"{a}{b}" for a in ("pro", "sen", "cus", "re", "co") for b in range(900)]
ARCHIVE = site.BASE_DIR.parent / "shared" / "data" / "archive-18f" / "archive.wxr.xml"


def words(number: int) -> str:
    return " ".join(RNG.choices(VOCABULARY, k=number))


def generated(path: Path, number: int, length: int) -> Path:
    """Write an export: classic bodies with links, three topics each, every third discussed."""
    with path.open("w") as file:
        file.write(exports.HEAD.format(address=exports.ADDRESS))
        file.writelines(exports.author(f"writer{n}") for n in range(12))
        file.writelines(_post(n, length) for n in range(1, number + 1))
        file.write(exports.FOOT)
    return path


def _post(number: int, length: int) -> str:
    link = f'<a href="{exports.ADDRESS}/post-{RNG.randrange(1, number + 1)}/">{words(2)}</a>'
    body = "\n\n".join(f"{words(length // 5)} {link}" for _ in range(5))
    talk = [exports.comment(number, content=words(30))] if number % 3 == 0 else []
    terms = [("category", f"c{number % 9}", f"Category {number % 9}"),
             ("post_tag", f"t{number % 53}", f"Tag {number % 53}"),
             ("post_tag", f"u{number % 97}", f"Other {number % 97}")]  # fmt: skip
    return exports.item(
        f"{body}\n<h3>{words(4)}</h3>\n<ul><li>{words(8)}</li></ul>", post_id=number,
        title=words(7), excerpt=words(25), creator=f"writer{number % 12}", terms=terms,
        comments=talk,
    )  # fmt: skip


def run(path: Path) -> None:
    with closing(Report()) as report:
        importing.run(
            path, report, now=timezone.now(), options=Options(), advance=lambda done, total: None
        )


@dataclass(frozen=True)
class Spent:
    """Seconds a call took: by the clock, and of processor time here, beside and in Postgres."""

    wall: float
    here: float
    beside: float
    postgres: float

    @property
    def cpu(self) -> float:
        return self.here + self.beside + self.postgres


def timed(call: Callable[[], object]) -> Spent:
    connection.ensure_connection()
    before = time.perf_counter(), *_processor_seconds()
    call()
    after = time.perf_counter(), *_processor_seconds()
    return Spent(*(late - early for early, late in zip(before, after, strict=True)))


def _processor_seconds() -> tuple[float, float, float]:
    """Return those of this process, of the processes it has begun, and of the whole server."""
    here, beside = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    server = _stat(connection.connection.info.backend_pid).parent
    backends = [_stat(int(folder.name)) for folder in Path("/proc").glob("[0-9]*")]
    running = sum(one.seconds for one in backends if one.parent == server)
    return (
        here.ru_utime + here.ru_stime, beside.ru_utime + beside.ru_stime,
        running + _stat(server).seconds_of_ended,
    )  # fmt: skip


class _Stat(NamedTuple):
    parent: int = 0
    seconds: float = 0.0
    seconds_of_ended: float = 0.0


def _stat(process: int) -> _Stat:
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # It has just ended, or the system has no such folder.
        return _Stat()
    own, ended = (sum(map(int, words[at : at + 2])) / os.sysconf("SC_CLK_TCK") for at in (11, 13))
    return _Stat(int(words[1]), own, ended)


def bare(posts: list[Post]) -> None:
    """Write finished rows as Django does, and index them: what no import can do without."""
    for start in range(0, len(posts), BATCH):
        Post.objects.bulk_create(posts[start : start + BATCH])
    for batch in batches([post.pk for post in posts], BATCH):
        search.index(batch)


def clear() -> None:
    """Delete all posts, and first what would be counted down post by post."""
    SearchEntry.objects.update(is_counted=False)
    SearchTerm.objects.all().delete()
    Post.objects.all().delete()


def _measured(path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[float, float]:
    """Import, print what that cost; return milliseconds a post and the ratio to bare rows."""
    first = timed(lambda: run(path))
    posts = list(Post.objects.order_by("pk"))
    number = len(posts)
    again = timed(lambda: run(path))
    clear()
    for post in posts:
        post.pk = None
    least = timed(lambda: bare(posts))
    shares = [share / number * 1000 for share in (first.here, first.beside, first.postgres)]
    with capsys.disabled():
        print(
            f"\n{name}, {number:,} posts: {number / first.wall:.0f} posts/s by the clock, "
            f"{2 * number / first.cpu:.0f} on two idle cores\n  ms of processor time a post: "
            "here {:.1f}, beside {:.1f}, in Postgres {:.1f}; ".format(*shares)
            + f"in all {first.cpu / least.cpu:.1f} times the bare rows and their index\n"
            f"  once more, unchanged: {number / again.wall:.0f} posts/s"
        )
    return first.cpu / number * 1000, first.cpu / least.cpu


def repeated(path: Path, times: int) -> Path:
    """Write the real archive several times over, each time as other posts."""
    head, begin, rest = ARCHIVE.read_text().partition("<item>")
    items, end, foot = rest.rpartition("</item>")
    named = re.compile(r"(<wp:post_id>|<wp:post_name>(?:<!\[CDATA\[)?|<guid[^>]*>)")
    with path.open("w") as file:
        file.write(head)
        for turn in range(1, times + 1):
            file.write(named.sub(rf"\g<1>{turn}", begin + items + end))
        file.write(foot)
    return path


def test_a_large_generated_export(tmp_path, capsys):
    path = generated(tmp_path / "export.xml", POSTS, WORDS)
    cost, ratio = _measured(path, f"{WORDS} words each, generated", capsys)
    assert cost <= MOST_MS
    assert ratio <= MOST_RATIO


@pytest.mark.parametrize("times", [1, 4])
def test_a_real_archive(times, tmp_path, capsys):
    if not ARCHIVE.exists():
        pytest.skip(f"{ARCHIVE} is not here")
    path = repeated(tmp_path / "export.xml", times)
    _, ratio = _measured(path, f"1,100 words each, real, {times} times over", capsys)
    assert ratio <= MOST_RATIO


def test_memory_does_not_grow_with_the_file(tmp_path, capsys):
    peaks = []
    for number in (FEW, MANY):
        path = generated(tmp_path / f"{number}.xml", number, FEW_WORDS)
        tracemalloc.start()
        run(path)
        peaks.append(tracemalloc.get_traced_memory()[1] / 1_000_000)
        tracemalloc.stop()
    growth = peaks[1] / peaks[0]
    with capsys.disabled():
        print(f"\npeak memory, {FEW} and {MANY} posts: {peaks[0]:.1f} and {peaks[1]:.1f} MB, "
              f"{growth:.2f} times")  # fmt: skip
    assert growth <= MOST_GROWTH


@pytest.mark.parametrize("piece", [
    "{0}\n\n", "<h2>Same</h2>\n", "<h2>{0}</h2>\n<p>x</p>", "<ul>\n<li>{0}</li>\n<li>b</li></ul>\n",
    '[caption id="x"]<img src="https://old.example.org/a.jpg"> b[/caption] {0}\n',
    "<table><tr><td>{0}</td><td>x</td></tr></table>\n", "[ <", "<strong>",
])  # fmt: skip
def test_a_body_twice_as_long_takes_twice_the_time(piece, capsys):
    costs = []
    for size in (LONG, 2 * LONG):
        body = "".join(piece.format(words(3)) for _ in range(size // len(piece.format("a" * 20))))
        place = Place(Blog.at((exports.ADDRESS,)))
        costs.append(timed(partial(bench.make, [(body, "x")], place)).here)
    with capsys.disabled():
        print(f"\n{2 * LONG:,} characters of {piece!r}: {costs[1]:.2f} s of CPU")
    assert costs[1] <= MOST_LONGER * costs[0] + 0.1
