"""Writing a file whole, or not at all."""

import resource
from pathlib import Path

import numpy as np
import pytest
import torch

from csrnet_ros.labels import CAMVID
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import VARIANTS, Checkpoint, save_checkpoint
from csrnet_ros.training.folder import RunFolder
from csrnet_ros.whole_file import write_whole

GRAY = 110.0, 110.0, 110.0
NOISE = np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8)


@pytest.fixture
def full_disk():
    """No file can grow beyond a thousand bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write_bytes(path: Path) -> None:
    write_whole(path, bytes(2000), durable=True)


def write_picture(path: Path) -> None:
    save_image(path, NOISE)


def write_state(path: Path) -> None:
    RunFolder(path.parent).save({'weights': torch.zeros(999)}, identity={})


def write_weights(path: Path) -> None:
    weights = {'a': torch.zeros(999)}
    save_checkpoint(path, Checkpoint(VARIANTS['light'], CAMVID, GRAY, GRAY, weights))


@pytest.mark.parametrize(
    ('write', 'name'),
    [
        (write_bytes, 'a'),
        (write_picture, 'a.png'),
        (write_state, 'state.pt'),
        (write_weights, 'a.safetensors'),
    ],
)
def test_a_full_disk_keeps_what_was_there_and_nothing_else(tmp_path, full_disk, write, name):
    path = tmp_path / name
    path.write_bytes(b'old')
    with pytest.raises(OSError, match='File too large'):
        write(path)
    assert path.read_bytes() == b'old'
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_a_killed_process_has_left_is_replaced(tmp_path):
    (tmp_path / 'a.partial').write_bytes(bytes(3000))
    write_bytes(tmp_path / 'a')
    assert (tmp_path / 'a').read_bytes() == bytes(2000)
    assert [path.name for path in tmp_path.iterdir()] == ['a']
