"""Signals during a run, in a process that gets them."""

import signal
import subprocess
import sys

import pytest

CODE = """
import signal, sys
from csrnet_ros.cli.interruption import Interruption

signal.signal(signal.SIGINT, signal.default_int_handler)
with Interruption() as interruption:
    for number in sys.argv[1:]:
        signal.raise_signal(int(number))
print(interruption.signal)
"""


@pytest.mark.parametrize(
    ('signals', 'status', 'noted'),
    [
        (['SIGINT'], 0, 'SIGINT'),
        (['SIGTERM', 'SIGTERM'], 0, 'SIGTERM'),  # as torchrun passes on what all have had
        (['SIGINT', 'SIGTERM'], 0, 'SIGINT'),
        (['SIGTERM', 'SIGINT'], -signal.SIGINT, None),  # who types Ctrl-C now has no patience
        (['SIGINT', 'SIGINT'], -signal.SIGINT, None),
    ],
)
def test_a_signal_is_noted_and_ctrl_c_after_it_ends_the_run(signals, status, noted):
    numbers = [str(int(signal.Signals[name])) for name in signals]
    done = subprocess.run(
        [sys.executable, '-c', CODE, *numbers], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == (f'{int(signal.Signals[noted])}\n' if noted else '')
