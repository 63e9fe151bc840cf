"""One run on several machines, as torchrun has it."""

import re
import shlex
import socket
import subprocess
import sys

from csrnet_ros.model import load_checkpoint
from tiny_run import arguments, scalars, wait_for


def on_both(command):
    """Start what torchrun does on the first of two machines, and its like on the second."""
    return [
        subprocess.Popen(
            [word.replace('--node-rank=0', f'--node-rank={rank}') for word in command],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip


def test_torchrun_trains_one_network_on_two_machines(tmp_path, make_camvid, monkeypatch):
    monkeypatch.setenv('GLOO_SOCKET_IFNAME', 'lo')  # both of them are this one
    root = make_camvid(tmp_path / 'CamVid', train=8)
    out = tmp_path / 'net.safetensors'
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    place = '--nnodes=2', '--node-rank=0', '--master-addr=127.0.0.1', f'--master-port={port}'
    trained = arguments(root, out, '--precision', 'bf16', '--epochs', 4)  # for torchrun takes time
    runs = on_both([sys.executable, '-m', 'torch.distributed.run', *place, *map(str, trained)])
    wait_for(runs[0], 'loss')
    for run in runs:
        run.terminate()
    said, _ = (run.communicate()[1] for run in runs)
    (command,) = re.findall(r'continue with\n  (.*)', said)
    assert not out.with_suffix('.run').joinpath('confusion.png').exists(), 'too late a signal'
    runs = on_both(shlex.split(command))
    told = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert 'going on after epoch' in told[0]
    assert sorted(scalars(out, 'loss')) == list(range(1, 9))
    provenance = load_checkpoint(out).provenance
    assert (provenance['processes'], provenance['epochs']) == (2, 4)
    assert provenance['measured_on'] == 'CamVid val, SegNet labels'
