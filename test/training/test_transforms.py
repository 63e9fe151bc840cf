"""Augmentation: geometry that keeps images and labels together."""

from dataclasses import replace

import pytest
import torch

from csrnet_ros.labels import VOID
from csrnet_ros.training.config import find_recipe
from csrnet_ros.training.transforms import Augmentation

PLAIN = replace(find_recipe('cpu', 'camvid'), color_jitter=0.0)
MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 5.0)


def augmentation(recipe, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Augmentation(recipe, mean=MEAN, std=STD, generator=generator)


def batch(count=16, height=80, width=96):
    """Return images whose red value tells their label: vertical stripes 16 pixels wide."""
    stripe = (torch.arange(width) // 16).to(torch.uint8).expand(count, height, width)
    return (stripe * 40)[:, None].expand(-1, 3, -1, -1).contiguous(), stripe.contiguous()


def red(x):
    return x[:, 0] * STD[0] + MEAN[0]


def test_images_and_labels_move_together():
    recipe = replace(PLAIN, crop_px=(64, 64), scales=(0.5, 1.0, 2.0))
    x, target = augmentation(recipe)(*batch())
    assert x.shape == (16, 3, 64, 64)
    assert target.shape == (16, 64, 64)
    known = target != VOID
    # Away from the edges of a stripe, where bilinear values mix, the red value is exact.
    exact = (red(x)[known] - 40 * target[known]).abs() < 0.01
    assert exact.float().mean() > 0.85
    assert len(target.unique()) > 4


def test_a_window_beyond_the_image_is_mean_and_void():
    recipe = replace(PLAIN, crop_px=(80, 96), scales=(0.5,))
    x, target = augmentation(recipe)(*batch())
    void = target == VOID
    assert 0.70 < void.float().mean() < 0.80, 'three quarters lie outside'
    interior = torch.nn.functional.max_pool2d((~void).float()[:, None], 3, 1, 1)[:, 0] == 0
    assert x.movedim(1, -1)[interior].abs().max() < 1e-5


def test_half_of_the_samples_are_flipped():
    recipe = replace(PLAIN, crop_px=(80, 96), scales=(1.0,))
    _, target = augmentation(recipe)(*batch(count=200))
    flipped = target[:, 0, 0] > target[:, 0, -1]
    assert 60 < flipped.sum() < 140
    plain = batch(count=1)[1][0].long()
    assert all(torch.equal(t, plain.flip(1) if f else plain) for t, f in zip(target, flipped))


def test_a_crop_never_exceeds_the_image():
    x, _ = augmentation(replace(PLAIN, crop_px=(720, 960)))(*batch())
    assert x.shape == (16, 3, 80, 96)


@pytest.mark.parametrize('jitter', [0.0, 0.5])
def test_colours_change_only_on_request(jitter):
    recipe = replace(PLAIN, crop_px=(80, 96), scales=(1.0,), color_jitter=jitter)
    images, labels = batch()
    images[:, 1] //= 2
    x, target = augmentation(recipe)(images, labels)
    error = (red(x) - 40 * target).abs().flatten(1).max(dim=1).values
    assert (error < 0.01).all() if jitter == 0 else (error > 1).float().mean() > 0.8
    colors = x.movedim(1, -1) * torch.tensor(STD) + torch.tensor(MEAN)
    assert colors.min() > -0.01
    assert colors.max() < 255.01


def test_the_same_seed_gives_the_same_batch():
    recipe = find_recipe('cpu', 'camvid')
    first, second = (augmentation(recipe, seed=5)(*batch()) for _ in range(2))
    other = augmentation(recipe, seed=6)(*batch())
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], other[0])
