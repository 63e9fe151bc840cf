"""How a run is computed."""

from types import SimpleNamespace

import torch

from csrnet_ros.training.settings import default_precision


def test_the_precision_is_that_of_the_gpu_that_is_named(monkeypatch):
    gpus = [SimpleNamespace(major=7), SimpleNamespace(major=8)]

    def properties(device):
        return gpus[device if isinstance(device, int) else device.index]

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'current_device', lambda: 0)
    monkeypatch.setattr(torch.cuda, 'get_device_properties', properties)
    found = [default_precision(torch.device(name)) for name in ('cpu', 'cuda:0', 'cuda:1')]
    assert found == ['fp32', 'fp16', 'bf16']
