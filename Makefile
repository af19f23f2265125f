# "make" is "make check": quick. "make test" is everything that must hold.
#
#   venv     .venv with the project and its development extras; and compiled, where there is a C compiler
#   compiled machine code of the modules that every message passes through; used while they are unchanged
#   run      a demonstration with calls of its own; DEMO=once ends by itself
#   check    format, lint, types, import contracts, unit tests
#   compiled-unit  the unit tests of those modules on machine code
#   test     check, compiled-unit, real, held, cfg-cases, fuzz, hostile-sample; ends with "N passed, N failed"
#   real     tests with real peers (SIPp, Kamailio, databases)
#   vectors  recorded decisions; VECTORS=DIR takes another folder
#   held     those of them that must pass by now
#   differential  random lists and requests, and sequences of states, for a real Kamailio and for us; N=2000 cases,
#            SEQUENCES=1600, SEED=... the same again
#   cfg-cases  recorded cases of routing scripts, over real sockets; CASES=DIR takes another folder
#   fuzz     property tests with random examples; SECONDS=N for longer
#   hostile  what strangers send, over UDP and TCP, and after each of it a call; hostile-sample takes each 60th
#   soak     calls for MINUTES (15) with hostile traffic beside them: none is lost, memory stays as it is
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
CASES ?= $(wildcard $(SHARED)/vectors/cfg)
SECONDS ?= 60
MINUTES ?= 15
N ?= 2000
SEQUENCES ?= 1600
CONFIG ?= conf/dispatcher.toml

BIN := .venv/bin
STAMP := .venv/.installed
export SHARED
export PYTHONPATH := $(CURDIR)

# Every test folder and module but the real peers.
UNIT := $(filter-out dispatch/test/real,$(patsubst %/__init__.py,%,$(wildcard dispatch/test/*/__init__.py))) \
	$(wildcard dispatch/test/test_*.py)

COMPILED := build/compiled/sources.sha256
# What of a C compiler and of the headers of Python is there.
CAN_COMPILE := $(shell command -v cc >/dev/null && "$(PYTHON)" -c \
	'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null && echo yes)

.PHONY: check venv compiled compiled-unit run test format lint types contracts unit real vectors held cfg-cases differential bench faults fuzz hostile hostile-sample soak reference pictures tidy

check: format lint types contracts unit

venv: $(STAMP) $(if $(CAN_COMPILE),compiled)

compiled: $(COMPILED)

$(COMPILED): $(STAMP) setup.py $(shell $(PYTHON) -c 'import runpy; print(*runpy.run_path("dispatch/compiled.py")["MODULES"])')
	@echo "compiling what every message passes through"
	@DISPATCH_COMPILE=1 $(BIN)/python -W ignore setup.py --quiet build_ext --build-lib build/compiled --build-temp build/temp \
		&& $(BIN)/python -P dispatch/compiled.py || echo "not compiled: it runs as plain Python"

$(STAMP): setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 that can make a venv; on Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the project and its development extras into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[dev]'
	@touch $@

run: $(STAMP)
	@$(BIN)/dispatch demo $(if $(filter once,$(DEMO)),--once) $(CONFIG)

test: $(STAMP)
	@$(BIN)/python -m dispatch.test.everything format lint types contracts unit compiled-unit real held cfg-cases fuzz hostile-sample

format: $(STAMP)
	@$(BIN)/ruff format --check .

lint: $(STAMP)
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

contracts: $(STAMP)
	@$(BIN)/lint-imports --no-logo

unit: $(STAMP)
	@DISPATCH_COMPILED=0 $(BIN)/trial --reporter=text $(subst /,.,$(UNIT:.py=))

# All rooms that have modules among the compiled ones.
compiled-unit: $(STAMP)
	@$(if $(CAN_COMPILE),$(MAKE) --no-print-directory compiled && test -f $(COMPILED) && $(BIN)/trial --reporter=text \
		dispatch.test.balance dispatch.test.sip dispatch.test.proxy dispatch.test.script dispatch.test.transport dispatch.test.test_engine \
		dispatch.test.test_compiled,echo "0 passed, 0 failed: there is no C compiler or no Python.h")

real: venv
	@$(BIN)/trial --reporter=text dispatch.test.real

vectors: $(STAMP)
	@$(BIN)/python -m dispatch.test.vectors $(VECTORS)

held: $(STAMP)
	@$(BIN)/python -m dispatch.test.vectors $(VECTORS) --supported

cfg-cases: $(STAMP)
	@$(BIN)/python -m dispatch.test.cfgcases $(CASES)

differential: $(STAMP)
	@$(BIN)/python -m dispatch.test.differential --count $(N) --sequences $(SEQUENCES) $(if $(SEED),--seed $(SEED))

fuzz: $(STAMP)
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m dispatch.test.fuzz --seconds $(SECONDS)

hostile: venv
	@$(BIN)/python -m dispatch.test.hostile

hostile-sample: venv
	@$(BIN)/python -m dispatch.test.hostile --each 60

soak: venv
	@$(BIN)/python -m dispatch.test.hostile.soak --minutes $(MINUTES)

bench: venv
	@$(BIN)/python -m dispatch.test.bench

faults: venv
	@$(BIN)/python -m dispatch.test.faults $(if $(ONLY),--only "$(ONLY)")

reference: $(STAMP)
	@$(BIN)/python -m dispatch.service.parameters > docs/parameters.md.new
	@mv docs/parameters.md.new docs/parameters.md

pictures: $(STAMP)
	@$(BIN)/python -m dispatch.cli.simulate.pictures docs/img

tidy: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
