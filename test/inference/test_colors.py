"""Conversion on the device beside that of ``media.encodings``, which is tested on its own."""

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from csrnet_ros.inference.colors import CONVERSIONS
from csrnet_ros.inference.images import as_tensor, rgb_of
from csrnet_ros.media.encodings import ENCODINGS, RawImage


def noise(encoding, height, width, *, padding, big_endian):
    layout = ENCODINGS[encoding]
    step = width * layout.row_bytes + padding
    data = np.random.default_rng(0).integers(0, 256, int(height * layout.rows) * step, np.uint8)
    return RawImage(encoding, height, width, step, bytearray(data), big_endian)


def test_every_encoding_has_a_conversion():
    assert set(CONVERSIONS) == set(ENCODINGS)


@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)])
@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 3])
@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
def test_the_device_finds_the_same_colors(encoding, padding, big_endian, device):
    raw = noise(encoding, 64, 86, padding=padding, big_endian=big_endian)
    expected = raw.to_rgb()
    found = rgb_of(as_tensor(raw).to(device), raw)
    assert found.is_contiguous()
    assert (found.shape, found.device.type) == (expected.shape, device)
    difference = np.abs(found.cpu().numpy().astype(int) - expected)
    assert difference.max() <= (encoding == 'nv24')  # OpenCV does not read that one


@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
def test_an_image_stays_on_its_gpu(encoding):
    raw = noise(encoding, 64, 86, padding=3, big_endian=False)
    size = as_tensor(raw).shape
    with FakeTensorMode():  # its tensors have a device and a shape, and nothing else
        found = rgb_of(torch.empty(size, dtype=torch.uint8, device='cuda'), raw)
    assert (found.shape, found.device.type) == ((64, 86, 3), 'cuda')


def test_the_bytes_are_not_copied_on_their_way():
    raw = noise('bgra8', 64, 86, padding=2, big_endian=False)
    assert np.shares_memory(as_tensor(raw).numpy(), np.frombuffer(raw.data, np.uint8))
