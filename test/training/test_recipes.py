"""Recipes, the schedule and the optimizer that they make."""

from dataclasses import replace

import pytest
import torch

from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.config import RECIPES, find_recipe
from csrnet_ros.training.loop import make_optimizer, set_learning_rate
from csrnet_ros.training.losses import class_weights, cross_entropy
from csrnet_ros.training.schedule import cosine

PAPER = find_recipe('paper', 'camvid')


def test_the_paper_recipe_is_the_papers():
    assert (PAPER.epochs, PAPER.batch_size, PAPER.crop_px) == (400, 8, (720, 960))
    assert (PAPER.learning_rate, PAPER.final_learning_rate) == (8e-4, 1e-6)
    assert (PAPER.weight_decay, PAPER.betas, PAPER.backbone_factor) == (1e-4, (0.9, 0.99), 0.25)
    assert PAPER.scales == (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    assert (PAPER.color_jitter, PAPER.class_balance, PAPER.drawn_frames) == (0, 0, 0)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(ValueError, match="'fast' for 'camvid'.*paper for camvid"):
        find_recipe('fast', 'camvid')
    assert all(find_recipe(name, data) for name in RECIPES for data in RECIPES[name])


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('epochs', 0),
        ('learning_rate', 0.0),
        ('crop_px', (32, 96)),
        ('scales', ()),
        ('batch_size', 1),
        ('final_learning_rate', 1.0),
        ('betas', (0.9, 1.0)),
        ('color_jitter', 1.0),
        ('drawn_frames', -1),
    ],
)
def test_a_value_outside_its_range_is_named(field, value):
    with pytest.raises(ValueError, match=f'{field} is '):
        replace(PAPER, **{field: value})


def test_the_cosine_runs_from_first_to_last():
    rates = [cosine(epoch, epochs=11, first=8e-4, last=1e-6) for epoch in range(11)]
    assert rates[0] == pytest.approx(8e-4)
    assert rates[5] == pytest.approx((8e-4 + 1e-6) / 2)
    assert rates[10] == pytest.approx(1e-6)
    assert cosine(0, epochs=1, first=8e-4, last=1e-6) == pytest.approx(8e-4)


@pytest.mark.parametrize(('imagenet', 'factor'), [(True, 0.25), (False, 1.0)])
def test_a_trained_backbone_learns_and_decays_less(imagenet, factor):
    network = CSRNet(VARIANTS['light'], num_classes=2)
    recipe = replace(PAPER, imagenet_backbone=imagenet)
    optimizer = make_optimizer(network, recipe)
    set_learning_rate(optimizer, recipe, epoch=0)
    groups = {
        id(parameter): group for group in optimizer.param_groups for parameter in group['params']
    }
    assert len(groups) == len(list(network.parameters()))
    backbone = groups[id(network.backbone.conv1.weight)]
    head = groups[id(network.classify.weight)]
    assert head['lr'] == pytest.approx(8e-4)
    assert backbone['lr'] == pytest.approx(8e-4 * factor)
    assert backbone['weight_decay'] == pytest.approx(1e-4 * factor)


def test_rare_classes_weigh_more_where_balance_is_asked_for():
    labels = torch.tensor([0] * 90 + [1] * 10 + [255] * 50, dtype=torch.uint8)
    assert class_weights(labels, num_classes=2, balance=0.0).tolist() == [1, 1]
    frequent, rare = class_weights(labels, num_classes=2, balance=0.5).tolist()
    assert rare / frequent == pytest.approx(3)
    assert frequent + rare == pytest.approx(2)


def test_void_does_not_count_in_the_loss():
    logits, target = torch.randn(1, 2, 4, 4), torch.zeros(1, 4, 4).long()
    loss = cross_entropy(torch.ones(2))
    expected = loss(logits[..., :2], target[..., :2])
    target[..., 2:] = 255
    torch.testing.assert_close(loss(logits, target), expected)
