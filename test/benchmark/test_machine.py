"""The machine that a record tells of."""

from types import SimpleNamespace

import pytest
import torch

from csrnet_ros.benchmark.machine import describe_machine

pytest.importorskip('psutil', reason='csrnet-bench needs psutil')

UUIDS = (
    '6d2f7c1e-0a43-4d0c-9f53-3c1be5a5d3f0',
    'b9a6c7d8-15e2-4b7f-8a90-0d4c2e6f1a3b',
)

NVIDIA_SMI = f"""#!/bin/sh
case "$1" in
  --id=GPU-{UUIDS[1]}) echo '595.1, 1200 MHz, 1980 MHz, 2619 MHz, 700.00 W' ;;
  *) exit 6 ;;
esac
"""


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    """What PyTorch says where there are two, of which nvidia-smi knows the second."""
    gpus = [SimpleNamespace(name=f'GPU {place}', uuid=uuid) for place, uuid in enumerate(UUIDS)]
    monkeypatch.setattr(torch.cuda, 'get_device_properties', lambda device: gpus[device.index])
    program = tmp_path / 'nvidia-smi'
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=':')


def test_the_gpu_that_is_measured_is_the_one_that_is_told_of(two_gpus):
    told = describe_machine(torch.device('cuda:1')).gpu
    assert told == ('GPU 1, driver 595.1, 1200 MHz of 1980 MHz, memory 2619 MHz, limit 700.00 W')


def test_a_gpu_that_nvidia_smi_does_not_know_has_a_name_at_least(two_gpus):
    assert describe_machine(torch.device('cuda:0')).gpu == 'GPU 0'


def test_a_measured_cpu_has_no_gpu_beside_it(two_gpus):
    assert describe_machine(torch.device('cpu')).gpu is None
