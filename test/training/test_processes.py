"""One run in two processes."""

from pathlib import Path

import numpy as np
import torch

import commands

SHORT_RUN = Path(__file__).with_name('short_run.py')
SAME_BATCHES = Path(__file__).with_name('same_batches.py')


def run(ranks):
    for done in [rank.end() for rank in ranks]:
        assert done.returncode == 0, done.stderr


def test_two_processes_give_the_loss_curve_of_one(tmp_path, make_camvid, start_two):
    root = make_camvid(tmp_path / 'CamVid', train=8)
    done = commands.run(SHORT_RUN, root, tmp_path / 'one.pt')
    assert done.returncode == 0, done.stderr
    run(start_two(SHORT_RUN, root, tmp_path / 'two.pt'))
    one, two = (torch.load(tmp_path / name, weights_only=True) for name in ('one.pt', 'two.pt'))
    assert (one['processes'], two['processes']) == (1, 2)
    assert len(set(one['losses'])) == 6
    # In double precision, since Adam soon makes much of a single precision's last bit.
    np.testing.assert_allclose(two['losses'], one['losses'], rtol=1e-6)
    for name, weight in one['weights'].items():
        torch.testing.assert_close(two['weights'][name], weight, rtol=0, atol=1e-6, msg=name)


def test_two_processes_read_the_same_shares_from_disk_as_from_memory(small_camvid, start_two):
    run(start_two(SAME_BATCHES, small_camvid))
