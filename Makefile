# Everything a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
# Needs Python 3.11 to 3.13 with venv, and nothing else; everything is installed into .venv, pinned and hash-checked.

VENV ?= .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first supported interpreter; `make PYTHON=/path/to/python3.12 ...` chooses another for a new .venv.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell $(python) -c '$(SUPPORTED)' 2>/dev/null && echo $(python))))

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PROTOS = $(sort $(shell find proto -name '*.proto'))
# Those with a service in them.
SERVICES = $(shell grep -l '^service' $(PROTOS))
GENERATED := src/clau_doom/protos
PATHS := src tests bench examples tools
# Random inputs of `make fuzz`; its systematic ones take two to three minutes more.
SECONDS := 420
# What the images are built on: its Python must be that of the orchestrator, in the first two numbers.
BASE ?= python:3.11-slim-bookworm
IMAGE := deploy/docker
# Stamps: what is installed in .venv, made again when the pins or the package's metadata change.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo install dev test fuzz check check-text format bench image base-image proto check-proto lock check-pins clean

help: ## List what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUN) ## Evolve agents on defend_the_center (about two minutes on two cores)
	@$(BIN)/clau-doom run -c examples/quickstart.yaml --name $(call free_name,quickstart) $(ARGS)

install: $(RUN) ## Install what a run needs into .venv

dev: $(DEV) ## Install what development needs as well

test: $(DEV) ## Run the tests; ARGS="-k word" chooses among them
	$(BIN)/python -m pytest --numprocesses 2 $(ARGS)

fuzz: $(DEV) ## Try strange arguments, files and requests for ten minutes; SECONDS=60 for less
	FUZZ_SECONDS=$(SECONDS) $(BIN)/python -m pytest tests/fuzz $(ARGS)

check: $(DEV) check-pins check-proto ## Lint, formatting, types, import contracts, generated code
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports

check-text: $(DEV) ## Check the wording of documentation and source code, and the width of Markdown lines
	$(BIN)/python tools/check_text.py $(ARGS)

format: $(DEV) ## Mend formatting and what the linter can mend by itself
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

bench: $(DEV) ## Run the benchmarks and print one table; ARGS="--help" shows its options
	$(BIN)/python -m bench $(ARGS)

# Where SSL_CERT_FILE names a certificate bundle, packages are fetched by it; it stays out of the images.
image: ## Build the Docker images clau-doom-agent and clau-doom; BASE=... chooses what they are built on
	@$(if $(SSL_CERT_FILE),cp "$(SSL_CERT_FILE)" $(IMAGE)/ca-bundle.pem,rm -f $(IMAGE)/ca-bundle.pem)
	docker build --network host --build-arg BASE=$(BASE) --target agent --tag clau-doom-agent --file $(IMAGE)/Dockerfile .
	docker build --network host --build-arg BASE=$(BASE) --target orchestrator --tag clau-doom --file $(IMAGE)/Dockerfile .
	@rm -f $(IMAGE)/ca-bundle.pem

base-image: ## Make the image clau-doom-base of Debian packages, where no registry of images can be reached
	$(IMAGE)/make-base-image

proto: $(DEV) ## Generate the protobuf code from proto/
	$(call generate,$(GENERATED))

# Generated into a folder beside, so that the check changes nothing.
check-proto: $(DEV)
	@rm -rf $(VENV)/protos && mkdir -p $(VENV)/protos
	@$(call generate,$(VENV)/protos)
	@diff -r -x __init__.py -x __pycache__ $(VENV)/protos $(GENERATED) \
		|| { echo "The generated protobuf code is out of date: run 'make proto'." >&2; exit 1; }

lock: ## Choose the newest allowed versions again and pin them with their hashes
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory dev
	$(call compile,constraints-dev.txt,--group dev)
	$(call compile,constraints.txt,--group build --constraints constraints-dev.txt)
	@$(MAKE) --no-print-directory check-pins

# Pins hold on any machine: they name no index, no mirror and no path.
check-pins:
	@! grep -nE '://|^ *-[^-]|--(index|extra|find|trusted)' constraints.txt constraints-dev.txt \
		|| { echo "The pins must not name where they were found: run 'make lock'." >&2; exit 1; }

clean: ## Remove .venv and the tools' caches; runs/ is kept
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# quickstart, or quickstart-2 when it was made before, and so on: a demo never touches an older one's results.
free_name = $$(name=$(1); number=1; folder="$${CLAU_DOOM_OUTPUT_DIR:-runs}"; \
	case "$$folder" in "~/"*) folder="$$HOME/$${folder\#??}";; esac; \
	while [ -e "$$folder/$$name" ]; do number=$$((number + 1)); name=$(1)-$$number; done; echo $$name)

define generate
$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) $(filter-out $(SERVICES),$(PROTOS))
$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) $(SERVICES)
find $(1) -name '*_pb2*.py*' -exec sed -i -E 's/^from claudoom\./from clau_doom.protos.claudoom./; s/^import claudoom\./import clau_doom.protos.claudoom./' {} +
endef

# One version of everything for Python 3.11 to 3.13, so that all of them run the same code.
define compile
$(BIN)/uv --no-config pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(2) --output-file $(1) pyproject.toml
endef

# The package itself is installed editable and without its dependencies: they are pinned above it.
define install
@echo "Installing what $(1) pins into $(VENV) ..." >&2
@$(PIP) install -qq --require-hashes --only-binary :all: -r $(1)
@$(PIP) install -qq --no-deps --no-build-isolation --editable .
@$(PIP) check --quiet
@touch $@
endef

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed: install one, or name it with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "$(PYTHON) is not Python 3.11 to 3.13: name one with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): constraints.txt pyproject.toml | $(BIN)/python
	$(call install,constraints.txt)

$(DEV): constraints-dev.txt pyproject.toml | $(BIN)/python
	$(call install,constraints-dev.txt)
	@touch $(RUN)
