# Rekindle: every command a newcomer needs. `make help` lists them.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test programs lint lock bench bench-scale prior tagger screenshots docs lighthouse notebooks simulate fuzz sbom clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# A stamp per lock file: set-up runs again only when what it installs has changed.
$(VENV)/.run-stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.test-stamp: $(VENV)/.run-stamp requirements-dev.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/.run-stamp  ## set up, then serve a demo couple on http://127.0.0.1:$(PORT)
	$(BIN)/rekindle serve --demo --port $(PORT)

test: $(VENV)/.test-stamp programs  ## set up, then run every test
	OPENBLAS_NUM_THREADS=1 $(if $(filter 1,$(NO_SKIPS)),REKINDLE_NO_SKIPS=1) $(BIN)/python -m pytest -n 2

# Some tests drive Debian's Chromium, or live the guides' lines of curl and jq; what is missing is installed where
# that is allowed, and else those tests are skipped.
programs:
	@which chromium curl jq >/dev/null || { \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	apt-get install -qq --yes --no-install-recommends chromium curl fonts-dejavu-core jq >/dev/null; } || \
	echo "chromium, curl and jq are not all here and cannot be installed: tests that need them are skipped"

lint: $(VENV)/.test-stamp  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock:  ## pin every version anew (needs uv)
	uv lock --upgrade
	uv export --quiet --frozen --no-dev --no-emit-project --format requirements-txt --no-header -o requirements.lock
	uv export --quiet --frozen --all-groups --no-emit-project --format requirements-txt --no-header -o requirements-dev.lock
	$(BIN)/python -m tests.licences

docs: $(VENV)/.test-stamp  ## write docs/reference and docs/licences.md anew from what they are about
	$(BIN)/python -m tests.references
	$(BIN)/python -m tests.licences

bench: $(VENV)/.test-stamp  ## how fast plans, answers and fits are, kept in docs/benchmarks.json (some minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench_service
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench_pages
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench_fit

bench-scale: $(VENV)/.test-stamp  ## plans and weeks from a thousand couples to a million, or SIZES="1000 20000"
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench_scale $(SIZES)

prior: $(VENV)/.run-stamp  ## build the shipped prior anew, after catalogue, quiz or prior.yaml changed
	$(BIN)/python -m recommender.learning.shipped

tagger: $(VENV)/.run-stamp  ## train and judge the shipped tagger anew, after the catalogue changed (half an hour)
	$(BIN)/rekindle ideas train-tagger --ablate

screenshots: $(VENV)/.test-stamp programs  ## take the pictures of the README anew
	$(BIN)/python -m tests.screenshots

lighthouse: $(VENV)/.test-stamp programs  ## Lighthouse on the week page (needs npx and npm's registry)
	$(BIN)/python -m tests.lighthouse

notebooks: $(VENV)/.test-stamp  ## run the notebooks anew, and keep what they show
	$(BIN)/python -m tests.notebooks

simulate: $(VENV)/.run-stamp  ## a made-up year of the whole service against baselines (some minutes)
	$(BIN)/rekindle simulate --couples 200 --weeks 52

fuzz: $(VENV)/.test-stamp  ## throw bytes at importers and parsers, ten minutes each
	for target in importers parsers; do mkdir -p .fuzz/$$target; \
	$(BIN)/python -m tests.fuzz $$target .fuzz/$$target -max_total_time=600 -max_len=4096 -timeout=25 || exit 1; done

sbom: $(VENV)/.test-stamp  ## write what it is made of, as CycloneDX, to dist/sbom.cdx.json
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements --of JSON --pyproject pyproject.toml -o dist/sbom.cdx.json requirements.lock

clean:  ## remove what set-up made
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz
