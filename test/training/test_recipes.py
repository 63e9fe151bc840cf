"""Recipes, the schedule and the optimizer that they make."""

import math
from dataclasses import asdict, replace

import pytest

from csrnet_ros.cli.train_options import choose_recipe, parse
from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.config import RECIPES, find_recipe
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.optimizer import make_optimizer, set_learning_rate
from csrnet_ros.training.schedule import learning_rate

PAPER = find_recipe('paper', 'camvid')

OFF = {
    'imagenet_backbone': True, 'color_jitter': 0, 'class_balance': 0, 'drawn_frames': 0,
    'warmup_share': 0, 'ohem_probability': 1, 'label_smoothing': 0, 'auxiliary_weight': 0,
    'class_uniform_share': 0, 'ema_decay': 0,
}  # fmt: skip
"""What the paper does not have, as it is when off."""

PAPERS = {
    'scales': (0.75, 1.0, 1.25, 1.5, 1.75, 2.0), 'batch_size': 8, 'final_learning_rate': 1e-6,
    'weight_decay': 1e-4, 'betas': (0.9, 0.99), 'backbone_factor': 0.25,
}  # fmt: skip
"""Section 4.2, for both data sets."""

CPU = {
    'epochs': 50, 'learning_rate': 1e-3, 'crop_px': (192, 256),
    'scales': (0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5), 'imagenet_backbone': False,
    'class_balance': 0.4, 'drawn_frames': 72,
}  # fmt: skip
"""With what the weights of the recipe were trained."""


@pytest.mark.parametrize(
    ('name', 'data', 'expected'),
    [
        (
            'paper',
            'camvid',
            PAPERS | OFF | {'epochs': 400, 'learning_rate': 8e-4, 'crop_px': (720, 960)},
        ),
        (
            'paper',
            'cityscapes',
            PAPERS | OFF | {'epochs': 250, 'learning_rate': 4e-4, 'crop_px': (768, 768)},
        ),
        ('cpu', 'camvid', PAPERS | OFF | CPU),
    ],
)
def test_a_recipe_is_what_its_source_says(name, data, expected):
    # ohem_share means nothing while every pixel counts.
    assert asdict(find_recipe(name, data)) == expected | {'ohem_share': 1 / 16}


@pytest.mark.parametrize(
    ('recipe', 'options', 'pretrained'),
    [
        ('paper', (), True),
        ('paper', ('--backbone-weights', 'none'), False),
        ('paper', ('--initial-weights', 'net.safetensors'), False),
        ('cpu', ('--backbone-weights', 'imagenet'), True),
    ],
)
def test_a_backbone_learns_less_only_if_it_comes_from_imagenet(recipe, options, pretrained):
    arguments = ['--root', '.', '--out', 'x.safetensors', '--recipe', recipe, *options]
    assert choose_recipe(parse(None, arguments)).imagenet_backbone == pretrained


@pytest.mark.parametrize('name', RECIPES)
def test_there_is_a_recipe_for_all_data(name):
    assert set(RECIPES[name]) == set(DATASETS)
    for data in DATASETS:
        # The drawn street knows CamVid's classes only.
        assert data == 'camvid' or not find_recipe(name, data).drawn_frames


@pytest.mark.parametrize('data', RECIPES['scratch'])
def test_from_scratch_is_long_and_helps_on_the_way(data):
    recipe = find_recipe('scratch', data)
    assert not recipe.imagenet_backbone
    assert recipe.epochs > find_recipe('paper', data).epochs
    assert (min(recipe.scales), max(recipe.scales)) == (0.5, 2.0)
    assert all(getattr(recipe, field) not in (off, 1) for field, off in OFF.items() if field in {
        'warmup_share', 'ohem_probability', 'auxiliary_weight', 'class_uniform_share', 'ema_decay',
        'class_balance',
    })  # fmt: skip


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
        ('warmup_share', 1.0),
        ('ohem_probability', 0.0),
        ('ohem_share', 1.5),
        ('label_smoothing', 1.0),
        ('auxiliary_weight', -0.4),
        ('class_uniform_share', 1.1),
        ('ema_decay', 1.0),
    ],
)
def test_a_value_outside_its_range_is_named(field, value):
    with pytest.raises(ValueError, match=f'{field} is '):
        replace(PAPER, **{field: value})


def test_the_papers_rate_falls_by_a_cosine_from_epoch_to_epoch():
    recipe = replace(PAPER, epochs=11)
    for epoch in range(11):
        expected = 1e-6 + (8e-4 - 1e-6) * 0.5 * (1 + math.cos(math.pi * epoch / 10))
        for within in (0.0, 0.5, 0.999):
            found = learning_rate(recipe, progress=epoch + within)
            assert found == pytest.approx(expected, rel=1e-9)
    assert learning_rate(recipe, progress=0) == pytest.approx(8e-4)
    assert learning_rate(recipe, progress=10) == pytest.approx(1e-6)
    assert learning_rate(replace(PAPER, epochs=1), progress=0) == pytest.approx(8e-4)


def test_a_warm_up_rises_step_by_step_to_the_cosine():
    plain = replace(PAPER, epochs=20)
    warm = replace(plain, warmup_share=0.1)
    assert learning_rate(warm, progress=0) == pytest.approx(1e-6)
    assert learning_rate(warm, progress=0.5) == pytest.approx(1e-6 + (8e-4 - 1e-6) / 4)
    rates = [learning_rate(warm, progress=step / 50) for step in range(100)]
    assert rates[:50] == sorted(set(rates[:50])), 'it rises at every step of the first epoch'
    assert rates[50:] == sorted(set(rates[50:]))
    for progress in (2, 2.7, 11, 19.5):
        expected = learning_rate(plain, progress=progress)
        assert learning_rate(warm, progress=progress) == pytest.approx(expected)


@pytest.mark.parametrize(('imagenet', 'factor'), [(True, 0.25), (False, 1.0)])
def test_a_trained_backbone_learns_and_decays_less(imagenet, factor):
    network = CSRNet(VARIANTS['light'], num_classes=2)
    recipe = replace(PAPER, imagenet_backbone=imagenet)
    optimizer = make_optimizer(network, network, recipe)
    set_learning_rate(optimizer, 8e-4)
    groups = {
        id(parameter): group for group in optimizer.param_groups for parameter in group['params']
    }
    assert len(groups) == len(list(network.parameters()))
    backbone = groups[id(network.backbone.conv1.weight)]
    head = groups[id(network.classify.weight)]
    assert head['lr'] == pytest.approx(8e-4)
    assert head['weight_decay'] == 1e-4
    assert backbone['lr'] == pytest.approx(8e-4 * factor)
    assert backbone['weight_decay'] == pytest.approx(1e-4 * factor)
    assert head['betas'] == backbone['betas'] == (0.9, 0.99)
