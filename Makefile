# Everything runs in .venv, which tools/bootstrap.py makes on first use.
# PYTHON names the interpreter that .venv is made with; INPUT, taken literally, what the demo shows;
# MINUTES how long the soak goes on.

PYTHON ?= python3
MINUTES ?= 10
override export INPUT := $(value INPUT)

# .venv has a ROS 2 of its own, which must not meet the libraries of an installed one.
unexport PYTHONPATH RMW_IMPLEMENTATION _ROS_WHEELS_BOOTSTRAP_COMPLETE
ifdef AMENT_PREFIX_PATH
unexport AMENT_PREFIX_PATH LD_LIBRARY_PATH
endif

.PHONY: help demo test soak msgs lint clean .venv

help:
	@echo 'make demo   label a moving street through real ROS 2 topics; the result is in out/'
	@echo '            INPUT=... takes a video, a folder of images or a webcam number instead'
	@echo 'make test   check the style and the types, and run every test'
	@echo 'make soak   run the node for MINUTES=$(MINUTES) under faults and overload; ends with the figures'
	@echo 'make msgs   build csrnet_msgs, the typed messages, into build/msgs'
	@echo 'make lint   only check the style and the types'
	@echo 'make clean  remove everything that was made here, .venv too'

demo: .venv
	@.venv/bin/python -m csrnet_ros.cli.demo $${INPUT:+"$$INPUT"}

test: lint msgs
	.venv/bin/python -m pytest

soak: .venv
	@PYTHONPATH=test .venv/bin/python -m soak '$(MINUTES)'

msgs: .venv
	@.venv/bin/python tools/build_msgs.py

lint: .venv
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

.venv:
	@command -v '$(PYTHON)' > /dev/null || { \
	  echo 'error: there is no $(PYTHON); install Python 3.10 to 3.13, or name one: PYTHON=...' >&2; \
	  exit 1; }
	@'$(PYTHON)' tools/bootstrap.py

clean:
	rm -rf .venv .venv.* build install log out *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find csrnet_ros launch test tools -name __pycache__ -prune -exec rm -rf {} +
