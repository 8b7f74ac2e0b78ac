PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test coverage lint lab app bench harden clean

run: .venv/ready  ## run all notebooks in order (on the demo corpus where there is no other)
	$(BIN)/serlib run

test: .venv/ready  ## run the tests
	$(BIN)/python -m pytest

coverage: .venv/ready  ## run the tests, name the lines and branches that none reaches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under 97

lint: .venv/ready  ## check the style of code and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lab: .venv/ready  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

app: .venv/ready  ## open the web page
	$(BIN)/serlib app

bench: .venv/ready  ## measure speed
	$(BIN)/python tests/bench.py

FILES ?= 300
HOURS ?= 0.02
KILLS ?= 0.1

harden: .venv/ready  ## damage, kill, fill the disk, go on for hours: FILES=10000 HOURS=1 KILLS=1
	$(BIN)/python -m tests.harden --files $(FILES) --hours $(HOURS) --kills $(KILLS)

clean:
	rm -rf .venv artifacts/runs

.venv/ready: requirements.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
