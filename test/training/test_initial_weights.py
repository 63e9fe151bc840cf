"""Training that starts from a trained network."""

import dataclasses

import pytest
import torch

from csrnet_ros.errors import TrainingError
from csrnet_ros.labels import CAMVID, CITYSCAPES
from csrnet_ros.model import CSRNet, find_config, load_checkpoint
from csrnet_ros.training.initial_weights import adopt_weights


@pytest.fixture
def checkpoint(weights):
    return load_checkpoint(weights)


def taken(network, checkpoint):
    found = network.state_dict()
    return {
        name
        for name, value in checkpoint.weights.items()
        if name in found and torch.equal(found[name], value)
    }


def test_the_same_network_for_the_same_classes_takes_all(checkpoint):
    network = CSRNet(checkpoint.config, num_classes=len(CAMVID))
    count = adopt_weights(network, checkpoint, labels=CAMVID)
    assert count == len(network.state_dict()) == len(taken(network, checkpoint))


def test_other_classes_get_a_new_head_even_if_it_has_the_same_shape(checkpoint):
    renamed = dataclasses.replace(CAMVID, classes=tuple(f'{name} 2' for name in CAMVID.classes))
    for labels in (renamed, CITYSCAPES):
        network = CSRNet(checkpoint.config, num_classes=len(labels))
        head = network.classify.weight.clone()
        count = adopt_weights(network, checkpoint, labels=labels)
        assert count == len(network.state_dict()) - 2
        assert torch.equal(network.classify.weight, head)


def test_another_variant_takes_what_it_shares(checkpoint):
    network = CSRNet(find_config('heavy'), num_classes=len(CAMVID))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count = adopt_weights(network, checkpoint, labels=CAMVID)
    found = taken(network, checkpoint)
    assert 0 < count < len(before)
    assert {name for name in before if name.startswith('backbone.')} <= found
    # Light refines to stride 4 in its third stage alone.
    new = {name for name in before if name.startswith('stages.0.refine.2.')}
    assert new
    assert all(torch.equal(network.state_dict()[name], before[name]) for name in new)


def test_what_has_no_backbone_of_ours_is_refused(checkpoint):
    foreign = dataclasses.replace(checkpoint, weights={'x': torch.zeros(1)})
    with pytest.raises(TrainingError, match='start from a checkpoint of csrnet-train'):
        adopt_weights(CSRNet(checkpoint.config, num_classes=11), foreign, labels=CAMVID)
