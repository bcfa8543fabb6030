"""What an import of a WordPress blog costs: `pytest -m benchmark -s tests/benchmarks`."""

import random
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as site
from django.utils import timezone

from pbrsite.wordpress import bench, importing
from pbrsite.wordpress.bodies import Place
from pbrsite.wordpress.importing import BATCH, Options
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Report
from posts import search
from posts.models import ImportedItem, Post
from posts.tagging import batches
from tests.pbrsite.wordpress import exports

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

POSTS, WORDS = 3_000, 450
FEW, MANY, FEW_WORDS = 500, 20_000, 150
MOST_MS = 5.0  # of one core, per post, in the process that writes: 200 posts a second
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


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds a call took, and those of this process's own CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def bare(posts: list[Post]) -> None:
    """Write finished rows as Django does, and index them: what no import can do without."""
    for start in range(0, len(posts), BATCH):
        Post.objects.bulk_create(posts[start : start + BATCH])
    for batch in batches([post.pk for post in posts], BATCH):
        search.index(batch)


def _measured(path: Path, number: int, name: str, capsys: pytest.CaptureFixture[str]) -> float:
    wall, cpu = timed(lambda: run(path))
    assert Post.objects.count() == number
    again, _ = timed(lambda: run(path))
    posts = list(Post.objects.order_by("pk"))
    Post.objects.all().delete()
    for post in posts:
        post.pk = None
    least, _ = timed(lambda: bare(posts))
    with capsys.disabled():
        print(
            f"\n{name}: {number / wall:.0f} posts/s ({cpu / number * 1000:.1f} ms CPU a post in "
            f"the writing process), unchanged {number / again:.0f} posts/s, bare rows "
            f"{number / least:.0f} posts/s: {wall / least:.1f} times as long"
        )
    if number >= bench.LARGE:
        assert cpu / number * 1000 <= MOST_MS
    return wall / least


def test_a_large_generated_export(tmp_path, capsys):
    path = generated(tmp_path / "export.xml", POSTS, WORDS)
    name = f"{POSTS} posts of {WORDS} words"
    assert POSTS >= bench.LARGE
    assert _measured(path, POSTS, name, capsys) <= MOST_RATIO


def test_a_real_archive(capsys):
    if not ARCHIVE.exists():
        pytest.skip(f"{ARCHIVE} is not here")
    run(ARCHIVE)  # The first imports modules, prepares statements.
    Post.objects.all().delete()
    ImportedItem.objects.all().delete()
    name = "509 posts of 1,100 words, in one process"
    assert _measured(ARCHIVE, 509, name, capsys) <= MOST_RATIO


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
        print(f"\npeak memory, {FEW} and {MANY} posts: {peaks[0]:.1f} and {peaks[1]:.1f} MB")
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
        costs.append(timed(partial(bench.make, [(body, "x")], place))[1])
    with capsys.disabled():
        print(f"\n{2 * LONG:,} characters of {piece!r}: {costs[1]:.2f} s of CPU")
    assert costs[1] <= MOST_LONGER * costs[0] + 0.1
