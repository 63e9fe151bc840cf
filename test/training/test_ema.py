"""The average of the weights, against its definition."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from csrnet_ros.training.ema import WeightAverage


def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


def disturb(network):
    """Change a network as a training step does: parameters, statistics, counter."""
    network.train()(torch.randn(2, 3, 4, 4) + 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter))


@pytest.mark.parametrize('decay', [0.0, 0.3, 0.999])
def test_the_average_is_the_recursion_of_its_definition(decay):
    network = build()
    average = WeightAverage(network, decay=decay)
    expected = {k: v.double().numpy().copy() for k, v in network.state_dict().items()}
    for step in range(1, 30):
        disturb(network)
        average.update(network)
        keep = min(decay, step / (step + 9))
        for name, value in network.state_dict().items():
            expected[name] = keep * expected[name] + (1 - keep) * value.double().numpy()
    for name, value in average.weights.items():
        if name.endswith('num_batches_tracked'):
            assert value.item() == 29
        else:
            np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-5)


def test_the_first_weights_are_soon_forgotten():
    network = build()
    with torch.no_grad():
        network[0].weight.fill_(1000.0)
    average = WeightAverage(network, decay=0.9999)
    with torch.no_grad():
        network[0].weight.fill_(1.0)
    for _ in range(40):
        average.update(network)
    torch.testing.assert_close(
        average.weights['0.weight'], network[0].weight.data, rtol=1e-3, atol=1e-3
    )


def test_the_average_is_a_working_network_and_leaves_the_other_alone():
    network = build()
    average = WeightAverage(network, decay=0.9)
    disturb(network)
    before = copy.deepcopy(network.state_dict())
    average.update(network)
    averaged = build()
    averaged.load_state_dict(average.weights)
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
    x = torch.randn(2, 3, 4, 4)
    assert not torch.allclose(averaged.eval()(x), network.eval()(x))


def test_a_run_goes_on_from_its_state():
    network = build()
    first, second = (WeightAverage(network, decay=0.9) for _ in range(2))
    for _ in range(3):
        disturb(network)
        first.update(network)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    disturb(network)
    for average in (first, second):
        average.update(network)
    assert all(torch.equal(v, second.weights[k]) for k, v in first.weights.items())


def test_the_state_of_another_network_is_refused():
    average = WeightAverage(build(), decay=0.9)
    with pytest.raises(ValueError, match='another network'):
        average.load_state_dict({'steps': 1, 'weights': {'0.weight': torch.zeros(1)}})
