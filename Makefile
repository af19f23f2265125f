# "make" is "make check": quick. "make test" is everything that must hold.
#
#   venv     .venv with the project and its development extras
#   run      a demonstration with calls of its own; DEMO=once ends by itself
#   check    format, lint, types, import contracts, unit tests
#   test     check, real, held, fuzz; ends with one line "N passed, N failed"
#   real     tests with real peers (SIPp, Kamailio, databases)
#   vectors  recorded decisions; VECTORS=DIR takes another folder
#   held     those of them that must pass by now
#   differential  random lists and requests for a real Kamailio and for us; N=2000 cases, SEED=... the same again
#   fuzz     property tests with random examples; SECONDS=N for longer
#   bench    CPU per call, alone and against Kamailio
#   faults   faults under load: calls lost, calls that took another gateway; ONLY=words
#   reference  write docs/parameters.md anew
#   pictures write docs/img/*.svg anew
#   tidy     let ruff format the code and mend what it can

# The distribution's own Python where it can make a venv: it is built with profile and link-time optimisation, and a
# call costs a fifth less than with one built by hand. Else the first one on the path.
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do \
	"$$one" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
SHARED ?= ../shared
# Absolute, as trial works in a folder of its own.
override SHARED := $(abspath $(SHARED))
VECTORS ?= $(wildcard $(SHARED)/vectors)
SECONDS ?= 60
N ?= 2000
CONFIG ?= conf/dispatcher.toml

BIN := .venv/bin
STAMP := .venv/.installed
export SHARED
export PYTHONPATH := $(CURDIR)

# Every test folder and module but the real peers.
UNIT := $(filter-out dispatch/test/real,$(patsubst %/__init__.py,%,$(wildcard dispatch/test/*/__init__.py))) \
	$(wildcard dispatch/test/test_*.py)

.PHONY: check venv run test format lint types contracts unit real vectors held differential bench faults fuzz reference pictures tidy

check: format lint types contracts unit

venv: $(STAMP)

$(STAMP): setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 that can make a venv; on Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the project and its development extras into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[dev]'
	@touch $@

run: venv
	@$(BIN)/dispatch demo $(if $(filter once,$(DEMO)),--once) $(CONFIG)

test: venv
	@$(BIN)/python -m dispatch.test.everything format lint types contracts unit real held fuzz

format: venv
	@$(BIN)/ruff format --check .

lint: venv
	@$(BIN)/ruff check .

types: venv
	@$(BIN)/mypy

contracts: venv
	@$(BIN)/lint-imports --no-logo

unit: venv
	@$(BIN)/trial --reporter=text $(subst /,.,$(UNIT:.py=))

real: venv
	@$(BIN)/trial --reporter=text dispatch.test.real

vectors: venv
	@$(BIN)/python -m dispatch.test.vectors $(VECTORS)

held: venv
	@$(BIN)/python -m dispatch.test.vectors $(VECTORS) --supported

differential: venv
	@$(BIN)/python -m dispatch.test.differential --count $(N) $(if $(SEED),--seed $(SEED))

fuzz: venv
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m dispatch.test.fuzz --seconds $(SECONDS)

bench: venv
	@$(BIN)/python -m dispatch.test.bench

faults: venv
	@$(BIN)/python -m dispatch.test.faults $(if $(ONLY),--only "$(ONLY)")

reference: venv
	@$(BIN)/python -m dispatch.service.parameters > docs/parameters.md.new
	@mv docs/parameters.md.new docs/parameters.md

pictures: venv
	@$(BIN)/python -m dispatch.cli.simulate.pictures docs/img

tidy: venv
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
