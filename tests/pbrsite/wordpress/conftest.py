"""An import as an operator rings for it, and its report."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.pbrsite.wordpress.exports import written

Import = Callable[..., dict[str, Any]]


@pytest.fixture
def imported(db: None, tmp_path: Path) -> Import:
    """Return a function that imports an export of these pieces and returns the JSON report."""

    def run(*pieces: str, address: str = "https://old.example.org", **options: Any) -> Any:
        path = written(tmp_path, *pieces, address=address)
        answer = io.StringIO()
        call_command("import_wordpress", str(path), json=True, stdout=answer, **options)
        return json.loads(answer.getvalue())

    return run
