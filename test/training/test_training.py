"""Training: samples in memory, and a loop that learns."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from csrnet_ros.errors import DatasetError, TrainingError
from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.datasets import camvid
from csrnet_ros.training.loop import train
from csrnet_ros.training.memory import load
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

CPU = torch.device('cpu')
RECIPE = Recipe(
    epochs=6, learning_rate=1e-3, crop_px=(64, 64), scales=(1.0,), batch_size=4,
    imagenet_backbone=False,
)  # fmt: skip


def run(samples, recipe, seed=0):
    torch.manual_seed(seed)
    network = CSRNet(VARIANTS['light'], num_classes=11)
    generator = torch.Generator().manual_seed(seed)
    augment = Augmentation(recipe, mean=IMAGENET_MEAN, std=IMAGENET_STD, generator=generator)
    return network, list(train(network, samples, recipe, augment=augment, seed=seed))


def test_a_set_in_memory_is_what_is_on_disk(small_camvid):
    data = camvid(small_camvid, 'train')
    samples = load(data, drawn_frames=2, device=CPU)
    assert samples.images.shape == (6, 3, 96, 128)
    for index in range(len(data)):
        image, label = data.read(index)
        np.testing.assert_array_equal(samples.images[index].permute(1, 2, 0), image)
        np.testing.assert_array_equal(samples.labels[index], label)


def test_images_of_different_sizes_are_named(small_camvid):
    data = camvid(small_camvid, 'train')
    for path in (data.pairs[2].image, data.pairs[2].label):
        cv2.imwrite(str(path), np.zeros((64, 64), np.uint8))
    with pytest.raises(DatasetError, match=f'{data.pairs[2].image}: 64x64.*96x128'):
        load(data, drawn_frames=0, device=CPU)


def test_the_loss_falls(small_camvid):
    samples = load(camvid(small_camvid, 'trainval'), drawn_frames=2, device=CPU)
    _, steps = run(samples, RECIPE)
    assert [step.number for step in steps] == list(range(1, 13))
    assert {step.epoch for step in steps} == set(range(1, 7))
    assert np.mean([s.loss for s in steps[-2:]]) < 0.7 * np.mean([s.loss for s in steps[:2]])


def test_the_same_seed_gives_the_same_run(small_camvid):
    samples = load(camvid(small_camvid, 'train'), drawn_frames=0, device=CPU)
    recipe = replace(RECIPE, epochs=2, color_jitter=0.2)
    losses = [[step.loss for step in run(samples, recipe, seed)[1]] for seed in (3, 3, 4)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0] != pytest.approx(losses[2], rel=1e-2)


def test_fewer_images_than_a_batch(small_camvid):
    samples = load(camvid(small_camvid, 'val'), drawn_frames=0, device=CPU)
    with pytest.raises(TrainingError, match='2 images are fewer than one batch of 4'):
        run(samples, RECIPE)


def test_a_loss_that_is_not_finite_stops_the_run(small_camvid):
    samples = load(camvid(small_camvid, 'train'), drawn_frames=0, device=CPU)
    recipe = replace(RECIPE, learning_rate=1e30, final_learning_rate=1e30)
    with pytest.raises(TrainingError, match='the loss is .*epoch.*learning rate'):
        run(samples, recipe)
