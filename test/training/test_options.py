"""Every network of both tables trains with every option of a recipe."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from csrnet_ros.labels import CAMVID
from csrnet_ros.model import CONFIGS, VARIANTS, CSRNet
from csrnet_ros.training.config import Recipe, find_recipe
from csrnet_ros.training.datasets.street import draw_street
from csrnet_ros.training.loop import TrainingRun
from csrnet_ros.training.memory import HeldSamples
from csrnet_ros.training.settings import RunSettings
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

PLAIN = Recipe(
    epochs=1, learning_rate=1e-3, crop_px=(64, 64), scales=(0.5, 1.0), batch_size=2,
    imagenet_backbone=False,
)  # fmt: skip

OPTIONS = {
    'none': {},
    'warm-up': {'warmup_share': 0.5},
    'hard pixels': {'ohem_probability': 0.7},
    'label smoothing': {'label_smoothing': 0.1},
    'auxiliary heads': {'auxiliary_weight': 0.4},
    'crops about classes': {'class_uniform_share': 1.0},
    'colour': {'color_jitter': 0.4},
    'class balance': {'class_balance': 0.5},
    'average': {'ema_decay': 0.9},
}
EVERYTHING = {field: value for option in OPTIONS.values() for field, value in option.items()}


@pytest.fixture(scope='module')
def samples():
    """Four drawn streets of 72x96 pixels."""
    drawn = [draw_street(0, seed=seed, height_px=72, width_px=96) for seed in range(4)]
    images, labels = map(np.stack, zip(*drawn))
    return HeldSamples(torch.from_numpy(images.transpose(0, 3, 1, 2)), torch.from_numpy(labels))


def start(network, samples, recipe):
    augment = Augmentation(recipe, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return TrainingRun(network, samples, augment=augment, settings=RunSettings())


@pytest.mark.parametrize('name', CONFIGS)
def test_every_network_trains_with_all_options_at_once(samples, name):
    assert_trains(name, samples, EVERYTHING)


@pytest.mark.parametrize('option', OPTIONS)
def test_a_network_trains_with(samples, option):
    assert_trains('light', samples, OPTIONS[option])


def assert_trains(name, samples, options):
    torch.manual_seed(0)
    network = CSRNet(CONFIGS[name], num_classes=len(CAMVID))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    one_batch = HeldSamples(samples.images[:2], samples.labels[:2])
    run = start(network, one_batch, replace(PLAIN, **options))
    losses = [step.loss for step in run.epoch()]
    assert len(losses) == 1
    assert np.isfinite(losses).all()
    weights = run.weights()
    assert list(weights) == list(before)
    for name, value in weights.items():
        assert value.isfinite().all(), name
        assert not torch.equal(value, before[name]), name


@pytest.mark.parametrize('name', ['scratch', 'cpu'])
def test_a_recipe_learns(samples, name):
    recipe = replace(
        find_recipe(name, 'camvid'), epochs=12, crop_px=(64, 64), batch_size=2, ema_decay=0.8
    )
    torch.manual_seed(0)
    network = CSRNet(VARIANTS['light'], num_classes=len(CAMVID))
    assert accuracy(network, samples) < 0.3
    run = start(network, samples, recipe)
    for _ in range(recipe.epochs):
        list(run.epoch())
    averaged = CSRNet(VARIANTS['light'], num_classes=len(CAMVID))
    averaged.load_state_dict(run.weights())
    for trained in (network, averaged):
        assert accuracy(trained, samples) > 0.5, 'of the pixels'


@torch.inference_mode()
def accuracy(network, samples):
    """Return the share of known pixels that a network labels rightly.

    By the statistics of this batch: the SPFM's running ones need a thousand steps to follow.
    """
    mean, std = (torch.tensor(x)[:, None, None] for x in (IMAGENET_MEAN, IMAGENET_STD))
    predicted = copy.deepcopy(network).train()((samples.images - mean) / std).argmax(1)
    known = samples.labels < len(CAMVID)
    return (predicted == samples.labels)[known].float().mean().item()
