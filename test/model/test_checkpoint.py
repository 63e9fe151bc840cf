"""Checkpoints: what goes in comes out, and what is wrong with a file is said."""

import json
import struct
from dataclasses import replace

import pytest
import safetensors.torch
import torch

from csrnet_ros.errors import CheckpointError
from csrnet_ros.labels import CAMVID, LabelSet
from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, load_checkpoint, save_checkpoint


@pytest.fixture(scope='module')
def checkpoint():
    torch.manual_seed(0)
    network = CSRNet(VARIANTS['light'], num_classes=len(CAMVID)).train()
    network(torch.randn(2, 3, 64, 64))  # BatchNorm's statistics are no longer the initial ones
    return Checkpoint(
        config=network.config,
        labels=CAMVID,
        mean=(1.5, 2.5, 3.5),
        std=(4.5, 5.5, 6.5),
        weights=network.state_dict(),
        provenance={'data': 'drawn', 'recipe': 'none', 'epochs': 1, 'miou': 12.5},
    )


@pytest.fixture
def path(tmp_path, checkpoint):
    save_checkpoint(tmp_path / 'net.safetensors', checkpoint)
    return tmp_path / 'net.safetensors'


def test_everything_comes_back(path, checkpoint):
    loaded = load_checkpoint(path)
    for name in ('config', 'labels', 'mean', 'std', 'provenance'):
        assert getattr(loaded, name) == getattr(checkpoint, name)
    torch.testing.assert_close(loaded.weights, checkpoint.weights, rtol=0, atol=0)


def test_the_built_network_computes_the_same(path, checkpoint):
    x = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = checkpoint.build()(x)
        torch.testing.assert_close(load_checkpoint(path).build()(x), expected, rtol=0, atol=0)


def test_a_file_overwritten_after_loading_leaves_the_weights_alone(path, checkpoint):
    loaded = load_checkpoint(path)
    with path.open('r+b') as file:
        file.write(bytes(path.stat().st_size))
    torch.testing.assert_close(loaded.weights, checkpoint.weights, rtol=0, atol=0)


def test_half_precision_halves_the_file_and_keeps_the_statistics(tmp_path, path, checkpoint):
    half = tmp_path / 'half.safetensors'
    save_checkpoint(half, checkpoint, half=True)
    assert half.stat().st_size < 0.51 * path.stat().st_size
    assert half.stat().st_size < 26e6
    weights = load_checkpoint(half).weights
    assert all(t.dtype in (torch.float32, torch.int64) for t in weights.values())
    name = 'backbone.bn1.running_var'
    assert torch.equal(weights[name], checkpoint.weights[name])


def test_a_failed_save_leaves_the_old_file(path, checkpoint):
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_checkpoint(path, replace(checkpoint, provenance={'miou': object()}))
    assert path.read_bytes() == before


def rewrite(path, *, metadata=None, drop=(), **tensors):
    """Write the file again with other metadata or tensors."""
    with safetensors.safe_open(path, framework='pt') as file:
        kept = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys() if name not in drop}  # noqa: SIM118
    path.write_bytes(
        safetensors.torch.save(weights | tensors, metadata=kept if metadata is None else metadata)
    )


def metadata_with(path, **changes):
    with safetensors.safe_open(path, framework='pt') as file:
        return {'csrnet': json.dumps(json.loads(file.metadata()['csrnet']) | changes)}


def assert_refused(path, *words):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for word in words:
        assert word in message


def test_a_missing_file(tmp_path):
    assert_refused(tmp_path / 'none.safetensors', 'no such weights file', 'csrnet-train')


@pytest.mark.parametrize('keep', [0, 4, 1000, 0.5, -1])
def test_a_truncated_file(path, keep):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    assert_refused(path, 'not a whole safetensors file', 'again')


def test_a_pickle_is_not_read(tmp_path):
    path = tmp_path / 'net.safetensors'
    torch.save({'weights': torch.zeros(3)}, path)
    assert_refused(path, 'not a whole safetensors file')


def test_a_header_that_claims_the_sky(path):
    path.write_bytes(struct.pack('<Q', 2**62) + path.read_bytes()[8:])
    assert_refused(path, 'not a whole safetensors file')


def test_a_foreign_safetensors_file(path):
    rewrite(path, metadata={'format': 'pt'})
    assert_refused(path, 'not a CSRNet checkpoint', 'csrnet-train')


@pytest.mark.parametrize(
    'changes',
    [
        {'format': 99},
        {'config': {'name': 'light'}},
        {'config': {'name': 'light', 'stages': [[16, 2]]}},
        {'mean': [1, 2]},
        {'std': ['a', 'b', 'c']},
        {'labels': {'name': 'x', 'classes': ['a', 'b'], 'colors': [[0, 0, 0]]}},
        {'labels': None},
        {'provenance': 3},
    ],
)
def test_metadata_of_the_wrong_form(path, changes):
    rewrite(path, metadata=metadata_with(path, **changes))
    assert_refused(path, 'metadata cannot be read')


def test_a_tensor_of_the_wrong_shape(path):
    rewrite(path, **{'classify.weight': torch.zeros(19, 128, 1, 1)})
    assert_refused(path, 'classify.weight is (19, 128, 1, 1), expected (11, 128, 1, 1)')


def test_a_missing_and_an_unknown_tensor(path):
    rewrite(path, drop=('classify.bias',), extra=torch.zeros(1))
    assert_refused(path, '2 tensors', 'classify.bias is missing', 'extra is unknown')


def test_another_set_of_classes(tmp_path, checkpoint):
    labels = LabelSet('two', ('floor', 'rest'), ((0, 0, 0), (255, 255, 255)))
    save_checkpoint(tmp_path / 'two.safetensors', replace(checkpoint, labels=labels))
    assert_refused(tmp_path / 'two.safetensors', "do not fit 'light' with 2 classes")
