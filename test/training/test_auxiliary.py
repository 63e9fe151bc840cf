"""Auxiliary heads: on the right maps, and no part of the network."""

import pytest
import torch

from csrnet_ros.model import CONFIGS, VARIANTS, CSRNet
from csrnet_ros.training.auxiliary import AuxiliaryHeads


def build(name='light'):
    torch.manual_seed(0)
    return CSRNet(CONFIGS[name], num_classes=3)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_network_gets_a_head_on_each_earlier_stage(name):
    network = build(name)
    keys = list(network.state_dict())
    model = AuxiliaryHeads(network).train()
    outputs = model(torch.randn(2, 3, 64, 96))
    assert len(outputs) == len(network.config.stages)
    assert {tuple(logits.shape) for logits in outputs} == {(2, 3, 64, 96)}
    assert list(network.state_dict()) == keys
    assert set(model.state_dict()) - {f'network.{key}' for key in keys} == {
        f'heads.{number}.{part}'
        for number in range(len(outputs) - 1)
        for part in ('weight', 'bias')
    }


@pytest.mark.parametrize(
    ('name', 'strides'), [('light', (16, 8)), ('medium', (8, 8)), ('heavy', (4, 4))]
)
def test_a_head_stands_on_the_finest_map_of_its_stage(name, strides):
    network = build(name)
    found = {}
    for number, stage in enumerate(network.stages):
        stage.refine[-1].register_forward_hook(
            lambda _, __, refined, number=number: found.update({number: refined})
        )
    model = AuxiliaryHeads(network).train()
    _, *auxiliary = model(torch.randn(2, 3, 64, 128))
    for number, (stride, logits) in enumerate(zip(strides, auxiliary, strict=True)):
        assert found[number].shape[-2:] == (64 // stride, 128 // stride)
        expected = torch.nn.functional.interpolate(
            model.heads[number](found[number]), size=(64, 128), mode='bilinear'
        )
        torch.testing.assert_close(logits, expected)


def test_the_networks_own_logits_come_first_and_alone_after_training():
    network = build()
    model = AuxiliaryHeads(network)
    x = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(model.train()(x)[0], network(x))
    (logits,) = model.eval()(x)
    torch.testing.assert_close(logits, network(x))


def test_a_head_teaches_its_own_stage_and_what_lies_before_it():
    network = build()
    low = AuxiliaryHeads(network).train()(torch.randn(2, 3, 64, 64))[1]
    low.square().mean().backward()
    taught = {name.split('.refine')[0] for name, p in network.named_parameters()
              if p.grad is not None}  # fmt: skip
    assert any(name.startswith('backbone') for name in taught)
    assert 'stages.0' in taught
    assert not any(name.startswith(('stages.1', 'stages.2', 'classify')) for name in taught)


def test_an_image_that_is_too_small_is_named():
    model = AuxiliaryHeads(CSRNet(VARIANTS['light'], num_classes=2)).train()
    with pytest.raises(ValueError, match='48x64 pixels'):
        model(torch.zeros(2, 3, 48, 64))
