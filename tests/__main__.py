"""Everything the project checks about itself, in the order of cost: `python -m tests`."""

import os
import shutil
import subprocess
import sys
import time

PYTHON = [sys.executable, "-m"]
WORKERS = str(min(os.cpu_count() or 1, 4))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# The package has no module to run, and its script cannot be named from a path with a space.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# Folders of one marker alone: not even read where they have nothing to run.
APART = ["--ignore=tests/browser", "--ignore=tests/benchmarks"]

CHECKS = [
    ("lint", [*PYTHON, "ruff", "check", "."]),
    ("format", [*PYTHON, "ruff", "format", "--check", "."]),
    ("imports", [sys.executable, "-c", LINT_IMPORTS]),
    ("templates", [*PYTHON, "djlint", "--lint", "--quiet", "templates"]),
    ("types", [*PYTHON, "mypy", "."]),
    ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("fast tests", [*PYTHON, "pytest", "-q", "-n", WORKERS, *APART]),
    ("slow tests", [*PYTHON, "pytest", "-q", "-n", WORKERS, *APART, "-m", "slow"]),
    ("faults", [*PYTHON, "pytest", "-q", "-m", "fault"]),
    ("browser", [*PYTHON, "pytest", "-q", "-n", WORKERS, "-m", "browser", "tests/browser"]),
]


def main() -> int:
    """Run each check; stop at the first that fails and return its exit status."""
    environment = {**os.environ, "VAR_DIR": os.path.join("var", "test"), "PYTHONWARNINGS": ""}
    environment["PYTHONDONTWRITEBYTECODE"] = ""  # Each process would compile every test anew.
    for name, command in CHECKS:
        if name == "browser" and not CHROMIUM:
            return _without_browser()
        started = time.monotonic()
        print(f"── {name}", flush=True)
        status = subprocess.run(command, check=False, env=environment).returncode
        print(f"   {time.monotonic() - started:.1f} s", flush=True)
        if status:
            print(f"The check “{name}” failed.")
            return status
    print("Everything passed.")
    return 0


def _without_browser() -> int:
    """Say aloud that the browser tests did not run; on CI that is a failure."""
    print("── browser: NOT RUN, no Chromium is installed (Debian: apt install chromium)")
    if os.environ.get("CI"):
        print("   On CI the browser tests must run.")
        return 1
    print("Everything else passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
