# make run   the whole site on http://127.0.0.1:8000 (PORT=8001 for another port)
# make test  everything the project checks about itself

PORT ?= 8000
PYTHON ?= python3
# Relative on purpose: make cannot name a path with a space in it.
IN := .venv/bin/python

.PHONY: run test
.SHELLFLAGS := -eu -c

run: .venv/installed
	@$(IN) manage.py prepare
	@exec $(IN) manage.py serve --port $(PORT)

test: .venv/installed
	@$(IN) -m tests

.venv/installed: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }
	@echo "Installing the pinned packages (once) ..."
	@$(IN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r constraints.txt
	@touch $@
