"""One run in two processes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

import commands

SHORT_RUN = Path(__file__).with_name('short_run.py')
SAME_BATCHES = Path(__file__).with_name('same_batches.py')
LAUNCHER = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']


def run_in_two(*command):
    command = [*LAUNCHER, *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_two_processes_give_the_loss_curve_of_one(tmp_path, make_camvid):
    root = make_camvid(tmp_path / 'CamVid', train=8)
    done = commands.run(SHORT_RUN, root, tmp_path / 'one.pt')
    assert done.returncode == 0, done.stderr
    run_in_two(SHORT_RUN, root, tmp_path / 'two.pt')
    one, two = (torch.load(tmp_path / name, weights_only=True) for name in ('one.pt', 'two.pt'))
    assert len(set(one['losses'])) == 6
    # In double precision, since Adam soon makes much of a single precision's last bit.
    np.testing.assert_allclose(two['losses'], one['losses'], rtol=1e-6)
    for name, weight in one['weights'].items():
        torch.testing.assert_close(two['weights'][name], weight, rtol=0, atol=1e-6, msg=name)


def test_two_processes_read_the_same_shares_from_disk_as_from_memory(small_camvid):
    run_in_two(SAME_BATCHES, small_camvid)
