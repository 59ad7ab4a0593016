# `make demo` shows the product at work, `make test` tests it; each sets up what it needs.

PYTHON ?= python3
VENV ?= .venv
CONVERT_VENV ?= .venv-converters
FLEET_VENV ?= .venv-fleet
SBOM_VENV ?= .venv-sbom
# The demo needs none of what tests and linters do; where theirs is there already, it serves.
DEMO_VENV ?= $(if $(wildcard $(VENV)/ready),$(VENV),.venv-demo)
# Its own broker only where there is none (Debian's lies where root alone looks).
DEMO_BROKER := $(shell PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || echo demo)
BIN := $(VENV)/bin

# On a Raspberry Pi picamera2 and the numpy it was built against come from apt.
ON_PI := $(shell $(PYTHON) -c "import importlib.util as u; print('yes' if u.find_spec('picamera2') else '')" 2>/dev/null)

HOURS ?= 1
# Of the Debian packages: raise it for another build of the same version.
REVISION ?= 1
# As many workers as processors; the tests of a file stay together, for what they set up once.
WORKERS ?= -n auto --dist loadfile

.PHONY: help deb demo test test-slow test-fleet test-machines bench-arm test-arm64-machine test-converters soak lint lint-ansible sbom setup clean
help:
	@echo "make demo             footage → detection → estimates → windows → broker → messages"
	@echo "make test             set up and run the tests (minutes)"
	@echo "make test-slow        the slow tests: systemd, arm64, soak, faults"
	@echo "make test-fleet       of these, Ansible at booted machines; make test-machines the other machines"
	@echo "make test-arm64-machine  a whole Arm machine from its first start to counts (long; root)"
	@echo "make test-converters  the tests that need TensorFlow (in an environment of their own)"
	@echo "make bench-arm        Arm instructions per frame against the committed reference"
	@echo "make soak HOURS=24    the whole product for hours, with everything going wrong (root: disks too)"
	@echo "make lint             ruff, mypy, import contracts"
	@echo "make lint-ansible     ansible-lint (in an environment of its own)"
	@echo "make deb              Debian packages for Bookworm and Trixie, arm64 and amd64, into build/"
	@echo "make sbom             CycloneDX lists of what a device installs, into build/"

setup: $(VENV)/ready

demo: $(DEMO_VENV)/ready
	$(DEMO_VENV)/bin/agender-edge demo

test: $(VENV)/ready
	$(BIN)/python -m pytest $(WORKERS) -m "not slow and not converters"

test-slow: $(VENV)/ready
	$(BIN)/python -m pytest $(WORKERS) -m "slow and not converters" --ignore tests/system
	$(MAKE) --jobs 2 --output-sync=target test-fleet test-machines

# Booted machines: those of the fleet, and beside them all others.
test-fleet: $(VENV)/ready
	$(BIN)/python -m pytest -m "slow and not converters" tests/system/fleet

test-machines: $(VENV)/ready
	$(BIN)/python -m pytest -m "slow and not converters" tests/system --ignore tests/system/fleet

test-arm64-machine: $(VENV)/ready
	AGENDER_FULL_ARM64=1 $(BIN)/python -m pytest -s tests/system/arm64/test_whole_machine.py

test-converters: $(CONVERT_VENV)/ready
	$(CONVERT_VENV)/bin/python -m pytest $(WORKERS) tests/converters tests/train

bench-arm: $(VENV)/ready
	$(BIN)/python -m benchmarks.arm --check

soak: $(VENV)/ready
	$(BIN)/python -m benchmarks.soak --hours $(HOURS) --json soak.json

lint: $(VENV)/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy tests/typing
	$(BIN)/lint-imports

lint-ansible: $(FLEET_VENV)/ready
	cd ansible && PATH=$(abspath $(FLEET_VENV)/bin):$$PATH ansible-lint --offline

# Made again from the same locks they are the same, byte for byte.
sbom: $(SBOM_VENV)/ready
	mkdir -p build
	for release in bookworm trixie; do \
		PYTHONWARNINGS=ignore $(SBOM_VENV)/bin/cyclonedx-py requirements --pyproject pyproject.toml \
			--mc-type application --output-reproducible --output-format JSON \
			--output-file build/sbom-$$release.cdx.json \
			ansible/roles/agender_edge/files/lock-$$release.txt || exit 1; \
	done
	@ls build/sbom-*.cdx.json

# Looked at by lintian where it is installed: whatever it finds has a reason in the overrides.
deb: $(VENV)/ready
	$(BIN)/python packaging/deb/make-deb --to build --revision $(REVISION) \
		$(if $(MAINTAINER),--maintainer '$(MAINTAINER)')
	! command -v lintian >/dev/null || \
		lintian --fail-on error,warning build/agender-edge_*-$(REVISION)~deb*.deb

clean:
	rm -rf $(VENV) $(CONVERT_VENV) $(FLEET_VENV) $(SBOM_VENV) .venv-demo build dist *.egg-info

$(VENV)/ready: EXTRAS := demo,hub,test,dev
$(CONVERT_VENV)/ready: EXTRAS := converters,train,test
$(FLEET_VENV)/ready: EXTRAS := fleet
.venv-demo/ready: EXTRAS := $(DEMO_BROKER)
$(SBOM_VENV)/ready: WHAT = 'cyclonedx-bom>=5,<8'
%/ready: WHAT = -e '.$(if $(EXTRAS),[$(EXTRAS)])'
%/ready: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || \
		{ echo "python3-venv is missing: sudo apt install python3-venv" >&2; exit 1; }
	@echo "installing into $* (once; again when pyproject.toml changes)"
	$(PYTHON) -m venv $(if $(ON_PI),--system-site-packages) $*
	$(if $(ON_PI),$(PYTHON) -c "import numpy; print('numpy==' + numpy.__version__)",:) > $*/constraints.txt
	$*/bin/pip install $$(test -t 1 || echo --quiet) --disable-pip-version-check -c $*/constraints.txt $(WHAT)
	$*/bin/python -m compileall -q edge hub converters
	@touch $@
