# make run     everything, from nothing to an address: http://localhost:8000
# make test    everything that must hold
# make quick   lint, types, contracts and the tests of what changed, in under three minutes
# make format  formats Python and templates, and sorts imports
# make dev     the same as run, with autoreload and error pages
# make install only installs
# make shots   screenshots of every page for every demo person, in var/shots/
# make proof   the long forms of the tests: races, kills, simulations, all screenshots
# make admin EMAIL=ai@example.com   an administrator, new or known, and a link that sets a password
# make backup FILE=…                all data in one file (ENCRYPT=yes: with a password)
# make restore FILE=…               back from such a file (REPLACE=yes: over the data that are here)
# make upgrade                      a backup, the newer version, its dependencies and migrations
# make unit                         prints a unit for systemd; see docs/running.md
# make bench   what it costs, beside the least that any program would pay (SIZE=1m: at a million leads)
#
# PORT (8000) and VAR_DIR (var/) can be set: make run PORT=9000 VAR_DIR=/srv/smarketing
# SETTINGS=/etc/smarketing.env reads the settings for admin, backup, restore, upgrade and unit from a file

PYTHON_IN_VENV = .venv/bin/python
SIZE ?= small
SETTINGS ?=
# Of a file that systemd reads as well: NAME='value', one a line.
MANAGE = set -a; if [ -n "$$SETTINGS" ]; then . "$$(realpath "$$SETTINGS")"; fi; set +a; exec $(PYTHON_IN_VENV) manage.py
NEED = need() { [ -n "$$2" ] || { echo "smarketing: say which: $@ $$1=$$3" >&2; exit 1; }; }; need
# Handed over in the environment, where no shell reads it again.
export PORT VAR_DIR EMAIL FILE SETTINGS

.DEFAULT_GOAL := help
.PHONY: help install install-dev run dev test quick format proof shots bench admin backup restore upgrade unit

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

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
	@CHROMIUM="$$(bin/chromium)" exec $(PYTHON_IN_VENV) -m pytest -m proof -n $${TEST_PROCESSES:-2} --durations=30

shots: install-dev
	@CHROMIUM="$$(bin/chromium)" exec $(PYTHON_IN_VENV) -m tests.shots

bench: install
	@exec $(PYTHON_IN_VENV) -m bench --size $(SIZE)

admin: install
	@$(NEED) EMAIL "$$EMAIL" ai@example.com
	@$(MANAGE) admin "$$EMAIL"

backup: install
	@$(NEED) FILE "$$FILE" /backups/monday.backup
	@$(MANAGE) backup $(if $(ENCRYPT),--encrypt) "$$FILE"

restore: install
	@$(NEED) FILE "$$FILE" /backups/monday.backup
	@$(MANAGE) restore $(if $(REPLACE),--replace) "$$FILE"

upgrade:
	@exec bin/upgrade

unit: install
	@exec $(PYTHON_IN_VENV) -m smarketing.unit "$$SETTINGS"
