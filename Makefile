# Everything a newcomer needs: make demo, make test.

RUN := tools/run.sh

.DEFAULT_GOAL := help
.PHONY: help setup build demo test bench evaluate-quick evaluate lint format clean

help:
	@echo 'make demo    set up and run the main job: a cloud in, grasps and a picture out'
	@echo 'make test    set up, check style and types, run the tests'
	@echo 'make setup   only set up (again: only what changed)'
	@echo 'make build   the same as setup; builds the messages anew when they changed'
	@echo 'make bench   time the planner'
	@echo 'make evaluate-quick            judge grasps of six built-in shapes, minutes'
	@echo 'make evaluate OBJECTS=FOLDER   judge grasps of a folder of meshes, hours'
	@echo 'make lint    check style and types'
	@echo 'make format  apply the style'
	@echo 'make clean   remove everything set-up made'

setup build:
	@tools/setup.sh

demo: setup
	@$(RUN) python -m dexlite_ros.ros.demo

test: lint
	@$(RUN) python -m pytest test

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

clean:
	rm -rf .venv .workspace build install log dexlite_ros.egg-info .pytest_cache .ruff_cache .mypy_cache
