# SPDX-License-Identifier: Apache-2.0

# To get started: make demo, make test.

RUN := tools/run.sh

.DEFAULT_GOAL := help
.PHONY: help setup build demo pick pick-figures soak test bench evaluate-quick evaluate lint format check-requirements clean

help:
	@echo 'make demo    set up, then plan grasps for a view of a table and draw them'
	@echo 'make pick    set up, then pick ten objects in a simulated cell, and film it'
	@echo 'make pick-figures [OBJECTS=FOLDER]   ten built-in objects, and ten meshes: 3 layouts (20 minutes)'
	@echo 'make soak    200 picks in a row; the memory must stay flat (an hour)'
	@echo 'make test    set up, check style and types, run the tests'
	@echo 'make setup   set up only (repeated: only what changed)'
	@echo 'make build   same as setup; rebuilds the messages if they changed'
	@echo 'make bench   time the planner'
	@echo 'make evaluate-quick            judge grasps of six built-in shapes (minutes)'
	@echo 'make evaluate OBJECTS=FOLDER   judge grasps of a folder of meshes (hours)'
	@echo 'make lint    check style and types'
	@echo 'make format  apply the style'
	@echo 'make check-requirements        install requirements.txt afresh, import all (minutes)'
	@echo 'make clean   remove everything that set-up created'

setup build:
	@tools/setup.sh

demo: setup
	@$(RUN) python -m dexlite_ros.ros.demo

pick: setup
	@$(RUN) python -m dexlite_ros.cell.pick

pick-figures: setup
	@$(RUN) python -m dexlite_ros.cell.pick --objects household:600-610 $(OBJECTS) \
		$(if $(OBJECTS),--split dev --tier core) --layouts 3 --judge --filmed 0 --output output/picks
	@$(RUN) python -m dexlite_ros.cell.pick --objects household:600-610 $(OBJECTS) \
		$(if $(OBJECTS),--split dev --tier core) --layouts 3 --clutter --filmed 0 \
		--output output/picks_in_clutter

soak: setup
	@$(RUN) python -m pytest -s test/ros/pick/soak.py

test: setup
	@$(RUN) tools/test.sh

bench: setup
	@$(RUN) dexlite bench

evaluate-quick: setup
	@rm -rf output/evaluate_quick
	@$(RUN) dexlite evaluate --max-grasps 10 --tests six-forces lift --output output/evaluate_quick

evaluate: setup
	@$(RUN) tools/evaluate.sh $(OBJECTS)

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: setup
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

check-requirements:
	@tools/check_requirements.sh

clean:
	rm -rf .venv .workspace build install log dexlite_ros.egg-info .pytest_cache .ruff_cache .mypy_cache
