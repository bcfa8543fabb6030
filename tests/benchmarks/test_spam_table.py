"""The pipeline's table on labelled comments, over several trainings: `pytest -m benchmark -s`.

The bar is absolute for honest comments: none is lost, whatever taught the classifier. For spam it
is nine in ten; `REACHED` names the rows where that is not reached, with what is.
"""

import pytest
from django.conf import settings

from tests.comments.splits import CHECKING, Line, judged, own_lines, shared_lines, shares

pytestmark = pytest.mark.benchmark
SHARED = settings.BASE_DIR.parent / "shared" / "data" / "spam"
SEEDS = range(10)
PSY, LMFAO = "Youtube01-Psy", "Youtube03-LMFAO"
# (what taught, what was judged); the same name twice is one set in two parts.
ROWS = [
    ("nothing", "policy blog"), ("nothing", "checking"),
    ("policy blog", "policy blog"), ("checking", "checking"), ("policy blog", "checking"),
    (PSY, PSY), (LMFAO, LMFAO), (PSY, LMFAO), (LMFAO, PSY),
    (PSY, "policy blog"), (LMFAO, "policy blog"), (PSY, "checking"), (LMFAO, "checking"),
    ("all", "policy blog"), ("all", "checking"), ("all", PSY), ("all", LMFAO),
]  # fmt: skip
LEAST = 0.9
REACHED = {
    ("nothing", "checking"): 0.75, ("checking", "checking"): 0.83,
    ("policy blog", "checking"): 0.85, (PSY, "checking"): 0.8, (LMFAO, "checking"): 0.8,
    ("all", "checking"): 0.8,
    (PSY, PSY): 0.76, (LMFAO, LMFAO): 0.82, (PSY, LMFAO): 0.72, (LMFAO, PSY): 0.38,
    ("all", PSY): 0.7, ("all", LMFAO): 0.75,
}  # fmt: skip


def sets() -> dict[str, list[Line]]:
    found = {"nothing": [], "policy blog": own_lines(), "checking": own_lines(CHECKING)}
    found |= {path.stem: shared_lines(path) for path in sorted(SHARED.glob("*.csv"))}
    return found | {"all": found["policy blog"] + found[PSY] + found[LMFAO]}


def test_table_of_what_is_caught_after_a_hundred_decisions(tmp_path, capsys):
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here: the video comments are not measured")
    lines = sets()
    with capsys.disabled():
        print(
            f"\n{'taught by':16}{'judged':16}{'caught':>8}{'worst':>8}{'lost':>6}{'published':>11}"
        )
        for taught, name in ROWS:
            rows = [
                shares(judged(lines[name], tmp_path, seed=seed, taught_by=lines[taught]))
                for seed in (SEEDS if lines[taught] else [0])
            ]
            caught, lost = [row[0] for row in rows], sum(row[1] for row in rows)
            mean, public = sum(caught) / len(caught), sum(row[2] for row in rows)
            print(f"{taught:16}{name:16}{mean:8.1%}{min(caught):8.1%}{lost:6}{public:11}")
            assert (lost, public) == (0, 0), (taught, name)
            assert mean >= REACHED.get((taught, name), LEAST), (taught, name)
