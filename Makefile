# make run     everything, from nothing to an address: http://localhost:8000
# make test    everything that must hold
# make quick   lint, types, contracts and the tests of what changed, in under three minutes
# make format  formats Python and templates, and sorts imports
# make dev     the same as run, with autoreload and error pages
# make install only installs
# make shots   screenshots of every page for every demo person, in var/shots/
# make proof   the long forms of the tests: races, kills, simulations, all screenshots
# make bench   what it costs, beside the least that any program would pay (SIZE=1m: at a million leads)
#
# PORT (8000) and VAR_DIR (var/) can be set: make run PORT=9000 VAR_DIR=/srv/smarketing

PYTHON_IN_VENV = .venv/bin/python
SIZE ?= small
export PORT VAR_DIR

.DEFAULT_GOAL := help
.PHONY: help install install-dev run dev test quick format proof shots bench

help:
	@sed -n 's/^# //p' Makefile

install:
	@bin/install

install-dev:
	@bin/install dev

run: install
	@exec $(PYTHON_IN_VENV) -m smarketing.run

dev: install
	@exec $(PYTHON_IN_VENV) -m smarketing.run --dev

test: install-dev
	@exec bin/test

quick: install-dev
	@exec bin/quick

format: install-dev
	@$(PYTHON_IN_VENV) -m ruff check --select I --fix --quiet .
	@$(PYTHON_IN_VENV) -m ruff format .
	@.venv/bin/djlint --reformat --quiet templates || .venv/bin/djlint --check --quiet templates

proof: install-dev
	@CHROMIUM="$$(bin/chromium)" exec $(PYTHON_IN_VENV) -m pytest -m proof

shots: install-dev
	@CHROMIUM="$$(bin/chromium)" exec $(PYTHON_IN_VENV) -m tests.shots

bench: install
	@exec $(PYTHON_IN_VENV) -m bench --size $(SIZE)
