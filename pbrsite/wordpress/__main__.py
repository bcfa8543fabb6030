"""The process beside an import, on another core: see `beside`. Nobody starts it by hand."""

import os
import signal
import sys

import django


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Whoever breaks off means the one that writes.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pbrsite.settings")
    django.setup()
    from pbrsite.wordpress import bench, beside, indexing

    work = {bench.BODIES: bench.answer, indexing.INDEX: indexing.answer}[sys.argv[1]]
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # A stray word would spoil the answers.
    beside.serve(sys.stdin.buffer, answers, work)


if __name__ == "__main__":
    main()
