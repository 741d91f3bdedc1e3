# Tasks of users and developers. Start with `make demo` or `make test`; `make help` lists all targets.
# The only requirement is Python 3.11 to 3.13 with venv. Packages are installed into .venv, pinned and hash-checked.

VENV ?= .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# First supported interpreter. `make PYTHON=/path/to/python3.12 ...` selects another one for a new .venv.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell $(python) -c '$(SUPPORTED)' 2>/dev/null && echo $(python))))

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PROTOS = $(sort $(shell find proto -name '*.proto'))
# Files that define a service.
SERVICES = $(shell grep -l '^service' $(PROTOS))
GENERATED := src/clau_doom/protos
PATHS := src tests bench examples tools validation
# Files for the spell checker. pyproject.toml excludes generated and vendored ones.
TEXTS := $(PATHS) docs deploy proto $(wildcard *.md) Makefile pyproject.toml
# Seconds of random inputs of `make fuzz`. Its systematic inputs take two to three additional minutes.
SECONDS := 420
# Part of the code that `make mutants` tests, number of mutants, and the seed that chooses them.
PART := evolution
COUNT := 300
SEED := 1
# Base image of the Docker images. Its Python must have the major and minor version of the orchestrator's.
BASE ?= python:3.11-slim-bookworm
IMAGE := deploy/docker
# Stamp files of the packages in .venv. A change of the pins or of pyproject.toml installs the packages again.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo install dev test coverage mutants fuzz check check-text format reference validate bench image base-image proto check-proto lock check-pins clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUN) ## Evolve agents on defend_the_center; about two minutes on two cores
	@$(BIN)/clau-doom run -c examples/quickstart.yaml --name $(call free_name,quickstart) $(ARGS)

install: $(RUN) ## Install the dependencies of a run into .venv

dev: $(DEV) ## Install the development tools as well

# Each of the test processes uses one core. More threads for linear algebra would only compete.
test: $(DEV) ## Run the tests; ARGS="-k word" selects tests by name
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 $(ARGS)

# Branch coverage makes tests two to three times as slow: tests of real backends are left out.
coverage: $(DEV) ## Measure branch coverage of unit and contract tests; fails below the floor in pyproject.toml
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report=term --cov-report=html -m "not docker" \
		tests/unit tests/contract $(ARGS)

mutants: $(DEV) ## Run mutation tests; PART=statistics, COUNT=50 or SEED=2 for other mutants
	$(BIN)/python tools/mutants.py --part $(PART) --count $(COUNT) --seed $(SEED)

fuzz: $(DEV) ## Test with random arguments, files and requests for ten minutes; SECONDS=60 for less
	FUZZ_SECONDS=$(SECONDS) $(BIN)/python -m pytest tests/fuzz $(ARGS)

check: $(DEV) check-pins check-proto check-text ## Check lint, formatting, types, import contracts, generated code and texts
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports

check-text: $(DEV) ## Check wording, spelling and the width of Markdown lines
	$(BIN)/python tools/check_text.py $(ARGS)
	$(BIN)/codespell $(TEXTS)

format: $(DEV) ## Fix formatting, and lint errors that ruff can fix
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

reference: ## Compute the expected values of tests/reference again; needs R with the packages that the scripts name
	Rscript tests/reference/reference.R tests/reference/tables.json
	Rscript tests/reference/mixed_models.R tests/reference/mixed_models.json
	Rscript tests/reference/adjusted_means.R tests/reference/adjusted_means.json
	Rscript tests/reference/effect_sizes.R tests/reference/effect_sizes.json

validate: $(DEV) ## Simulate error rates of tests and intervals; half an hour on two idle cores, continues where it was stopped
	$(BIN)/python -m validation $(ARGS)

bench: $(DEV) ## Run the benchmarks and print a table; ARGS="--help" lists the options
	$(BIN)/python -m bench $(ARGS)

# If SSL_CERT_FILE is set, packages are downloaded with this certificate bundle. The images do not contain it.
image: ## Build the Docker images clau-doom-agent and clau-doom; BASE=... selects the base image
	@$(if $(SSL_CERT_FILE),cp "$(SSL_CERT_FILE)" $(IMAGE)/ca-bundle.pem,rm -f $(IMAGE)/ca-bundle.pem)
	docker build --network host --build-arg BASE=$(BASE) --target agent --tag clau-doom-agent --file $(IMAGE)/Dockerfile .
	docker build --network host --build-arg BASE=$(BASE) --target orchestrator --tag clau-doom --file $(IMAGE)/Dockerfile .
	@rm -f $(IMAGE)/ca-bundle.pem

base-image: ## Build the image clau-doom-base from Debian packages, without an image registry
	$(IMAGE)/make-base-image

proto: $(DEV) ## Generate the protobuf code from proto/
	$(call generate,$(GENERATED))

# Generates code into a separate folder, so that the check does not change files of the repository.
check-proto: $(DEV)
	@rm -rf $(VENV)/protos && mkdir -p $(VENV)/protos
	@$(call generate,$(VENV)/protos)
	@diff -r -x __init__.py -x __pycache__ $(VENV)/protos $(GENERATED) \
		|| { echo "The generated protobuf code is out of date: run 'make proto'." >&2; exit 1; }

lock: ## Pin the newest allowed versions with their hashes
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory dev
	$(call compile,constraints-dev.txt,--group dev)
	$(call compile,constraints.txt,--group build --constraints constraints-dev.txt)
	@$(MAKE) --no-print-directory check-pins

# Pins are valid on any machine: they contain no index, mirror or path.
check-pins:
	@! grep -nE '://|^ *-[^-]|--(index|extra|find|trusted)' constraints.txt constraints-dev.txt \
		|| { echo "The pins contain an index or a path: run 'make lock'." >&2; exit 1; }

clean: ## Remove .venv and the caches of tools; keep runs/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Unused experiment name: quickstart, else quickstart-2, and so on. A demo does not change older results.
free_name = $$(name=$(1); number=1; folder="$${CLAU_DOOM_OUTPUT_DIR:-runs}"; \
	case "$$folder" in "~/"*) folder="$$HOME/$${folder\#??}";; esac; \
	while [ -e "$$folder/$$name" ]; do number=$$((number + 1)); name=$(1)-$$number; done; echo $$name)

define generate
$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) $(filter-out $(SERVICES),$(PROTOS))
$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) $(SERVICES)
find $(1) -name '*_pb2*.py*' -exec sed -i -E 's/^from claudoom\./from clau_doom.protos.claudoom./; s/^import claudoom\./import clau_doom.protos.claudoom./' {} +
endef

# Pins one version of each package for Python 3.11 to 3.13, so that all of them run the same code.
define compile
$(BIN)/uv --no-config pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(2) --output-file $(1) pyproject.toml
endef

# The package itself is installed in editable mode and without dependencies, because the pins include them.
define install
@echo "Installing the packages of $(1) into $(VENV) ..." >&2
@$(PIP) install -qq --require-hashes --only-binary :all: -r $(1)
@$(PIP) install -qq --no-deps --no-build-isolation --editable .
@$(PIP) check --quiet
@touch $@
endef

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 was not found: install it, or set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "$(PYTHON) is not Python 3.11 to 3.13: set PYTHON=... to a supported interpreter" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): constraints.txt pyproject.toml | $(BIN)/python
	$(call install,constraints.txt)

$(DEV): constraints-dev.txt pyproject.toml | $(BIN)/python
	$(call install,constraints-dev.txt)
	@touch $(RUN)
