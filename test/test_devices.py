"""Devices by name."""

import pytest
import torch

from csrnet_ros.devices import find_device
from csrnet_ros.errors import DeviceError


def test_auto_always_finds_one():
    expected = 'cuda' if torch.cuda.is_available() else 'cpu'
    assert find_device('auto').type == expected


@pytest.mark.parametrize('name', ['gpu', 'cuda:', 'cuda:x', 'cuda:-1', 'cpu:0', ''])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(DeviceError, match='use auto, cpu, cuda, or cuda:N'):
        find_device(name)


def test_a_device_that_is_not_there():
    with pytest.raises(DeviceError, match='cuda:99.*use auto or cpu'):
        find_device('cuda:99')
