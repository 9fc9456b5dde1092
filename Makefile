# Set-up and the project's own checks. `make demo` and `make test` need only
# Python 3.11 or newer, make and git; everything else comes from requirements.lock.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

# Commands are started by the hundred: what they import is compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test chaos check audit lock docs bench clean

# The lock is complete, so pip need not resolve; Python compiles what is imported when it is.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(READY)
	$(BIN)/python examples/demo.py

# Two more than the cores of a small machine: much of the tests' time is waiting.
test: $(READY)
	$(BIN)/python -m pytest -n 4 --dist worksteal

# What `make test` samples, whole: runs killed at every call, calls that fail, rivals. What is held
# to AWS's quotas runs alone. For the rest there are two workers more than a small machine has cores:
# while calls that failed wait for their next try, others run.
chaos: $(READY)
	$(BIN)/python -m pytest -m whole tests/chaos/chaos_quotas.py
	$(BIN)/python -m pytest -n 4 --dist worksteal -m whole --deselect tests/chaos/chaos_quotas.py \
	  tests/chaos/chaos_*.py tests/aws tests/unit/observe

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check lcli tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

# Asks PyPI for known vulnerabilities of what requirements.lock pins. A package that the service
# cannot tell about fails it, too: what was not asked is not clean.
audit: $(READY)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --timeout 20 \
	  --requirement requirements.lock 2>$(VENV)/audit.log && tail -n 1 $(VENV)/audit.log || \
	  { tail -n 1 $(VENV)/audit.log >&2; \
	    echo "audit: failed: a vulnerability is listed above, or the service was not reached" >&2; \
	    exit 1; }

docs: $(READY)
	$(BIN)/python docs/generate.py

lock:
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --quiet --extra local --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
