"""A refactoring must not change what the network computes.

The reference holds what the network once made of fixed weights and a fixed image. Run this file
as a script to store it anew, after a change that is meant to alter the network.
"""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from csrnet_ros.model import ABLATIONS, CSRNet

FILE = Path(__file__).with_name('stored_logits.npz')
NUMBERS = (3, 4, 7, 8, 9, 13)


def fixed_network(number):
    """Return ablation ``number`` with weights that depend on nothing but their names."""
    network = CSRNet(ABLATIONS[number], num_classes=3).eval()
    state = network.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        draw = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(tensor.shape)
        if tensor.ndim > 1:
            draw *= np.sqrt(2 / np.prod(tensor.shape[1:]))
        elif name.endswith('running_var') or 'bn' in name:
            draw = 1 + 0.1 * np.abs(draw)
        else:
            draw *= 0.1
        state[name] = torch.from_numpy(draw.astype(np.float32))
    network.load_state_dict(state)
    return network


@torch.inference_mode()
def logits(number):
    """Return the logits (3, 23, 31) of a fixed image of 90x123 pixels."""
    image = np.random.RandomState(0).standard_normal((1, 3, 90, 123)).astype(np.float32)
    return fixed_network(number).logits(torch.from_numpy(image))[0].numpy()


@pytest.mark.parametrize('number', NUMBERS)
def test_logits_are_those_stored(number):
    with np.load(FILE) as stored:
        expected = stored[str(number)]
    assert expected.std() > 0.01
    np.testing.assert_allclose(logits(number), expected, atol=1e-4 * np.abs(expected).max())


if __name__ == '__main__':
    np.savez_compressed(FILE, **{str(number): logits(number) for number in NUMBERS})
