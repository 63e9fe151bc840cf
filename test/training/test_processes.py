"""One run in two processes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

SHORT_RUN = Path(__file__).with_name('short_run.py')
SAME_BATCHES = Path(__file__).with_name('same_batches.py')
LAUNCHER = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']


def run(command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def short_run(launcher, root, out):
    run([*launcher, SHORT_RUN, root, out])
    return torch.load(out, weights_only=True)


def test_two_processes_give_the_loss_curve_of_one(tmp_path, make_camvid):
    root = make_camvid(tmp_path / 'CamVid', train=8)
    one = short_run([sys.executable], root, tmp_path / 'one.pt')
    two = short_run(LAUNCHER, root, tmp_path / 'two.pt')
    assert len(set(one['losses'])) == 6
    # In double precision, since Adam soon makes much of a single precision's last bit.
    np.testing.assert_allclose(two['losses'], one['losses'], rtol=1e-6)
    for name, weight in one['weights'].items():
        torch.testing.assert_close(two['weights'][name], weight, rtol=0, atol=1e-6, msg=name)


def test_two_processes_read_the_same_shares_from_disk_as_from_memory(small_camvid):
    run([*LAUNCHER, SAME_BATCHES, small_camvid])
