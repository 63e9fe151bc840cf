# Everything runs in .venv, or .venv-jazzy, which tools/bootstrap.py makes on first use.
# PYTHON names the interpreter that they are made with; INPUT, taken literally, what the demo shows;
# MINUTES how long the soak goes on.

PYTHON ?= python3
MINUTES ?= 10
override export INPUT := $(value INPUT)

# They have a ROS 2 of their own, which must not meet the libraries of an installed one.
unexport PYTHONPATH RMW_IMPLEMENTATION _ROS_WHEELS_BOOTSTRAP_COMPLETE
ifdef AMENT_PREFIX_PATH
unexport AMENT_PREFIX_PATH LD_LIBRARY_PATH
endif

# The tests that need ROS 2, whichever it is.
ROS_TESTS := test/node test/cli/test_demo.py \
  test/cli/test_bench.py::test_the_node_is_measured_beside_the_floor \
  test/test_colcon.py::test_the_installed_node_runs

# Those of what does most with the libraries that a distribution brings: images, labels and reports.
LIBRARY_TESTS := test/media test/training/test_camvid*.py test/training/test_check.py \
  test/training/test_cityscapes.py test/training/test_predictions.py \
  test/training/test_yaml_folder.py test/cli/test_eval*.py test/cli/test_explain.py \
  test/cli/test_segment.py

.PHONY: help demo test soak test-jazzy msgs docs lint clean .venv .venv-jazzy

help:
	@echo 'make demo        label a moving street through real ROS 2 topics; the result is in out/'
	@echo '                 INPUT=... takes a video, a folder of images or a webcam number instead'
	@echo 'make test        check the style and the types, and run every test, on ROS 2 Kilted'
	@echo 'make test-jazzy  run the tests of ROS 2, images and labels on Jazzy and what its Ubuntu brings'
	@echo 'make soak        run the node for MINUTES=$(MINUTES) under faults and overload, and judge it'
	@echo 'make msgs        build csrnet_msgs, the typed messages, into build/msgs'
	@echo 'make docs        build the documentation as a site, into build/site'
	@echo 'make lint        only check the style and the types'
	@echo 'make clean       remove everything that was made here, the environments too'

demo: .venv
	@.venv/bin/python -m csrnet_ros.cli.demo $${INPUT:+"$$INPUT"}

test: lint msgs
	.venv/bin/python -m pytest

soak: .venv
	@PYTHONPATH=test .venv/bin/python -m soak '$(MINUTES)'

test-jazzy: .venv-jazzy
	.venv-jazzy/bin/python -m pytest $(ROS_TESTS) $(LIBRARY_TESTS)

msgs: .venv
	@.venv/bin/python tools/build_msgs.py

docs: .venv
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict
	@echo 'look at build/site/index.html'

lint: .venv
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

.venv .venv-jazzy:
	@command -v '$(PYTHON)' > /dev/null || { \
	  echo 'error: there is no $(PYTHON); install Python 3.10 to 3.13, or name one: PYTHON=...' >&2; \
	  exit 1; }
	@'$(PYTHON)' tools/bootstrap.py . $@

clean:
	rm -rf .venv .venv.* .venv-jazzy .venv-jazzy.* build install log out *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find csrnet_ros launch test tools -name __pycache__ -prune -exec rm -rf {} +
