"""The pipeline's table on labelled comments, over several splits: `pytest -m benchmark -s`."""

import pytest
from django.conf import settings

from tests.comments.splits import Line, judged, own_lines, shared_lines, shares

pytestmark = pytest.mark.benchmark
SHARED = settings.BASE_DIR.parent / "shared" / "data" / "spam"
SEEDS = range(5)


def sets() -> dict[str, list[Line]]:
    found = {"policy blog": own_lines()}
    return found | {path.stem: shared_lines(path) for path in sorted(SHARED.glob("*.csv"))}


def test_table_of_what_is_caught_after_a_hundred_decisions(tmp_path, capsys):
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here: the video comments are not measured")
    with capsys.disabled():
        print(f"\n{'set':20}{'caught':>8}{'worst':>8}{'lost':>6}{'published':>11}")
        for name, lines in sets().items():
            rows = [shares(judged(lines, tmp_path, seed=seed)) for seed in SEEDS]
            caught = [row[0] for row in rows]
            lost, public = sum(row[1] for row in rows), sum(row[2] for row in rows)
            mean = sum(caught) / len(caught)
            print(f"{name:20}{mean:8.1%}{min(caught):8.1%}{lost:6}{public:11}")
            assert (lost, public) == (0, 0), name
            assert mean >= 0.9, name
