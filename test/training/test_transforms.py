"""Augmentation: geometry that keeps images and labels together."""

import math
from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from csrnet_ros.labels import VOID
from csrnet_ros.training.config import RECIPES, find_recipe
from csrnet_ros.training.losses import make_loss
from csrnet_ros.training.transforms import Augmentation, class_places

PLAIN = replace(find_recipe('cpu', 'camvid'), color_jitter=0.0)
MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 5.0)


def augmentation(recipe, seed=0):
    """Return an augmentation whose draws are those of ``seed``."""
    augment, generator = Augmentation(recipe, mean=MEAN, std=STD), torch.Generator()

    def call(images, labels):
        draws = torch.rand(len(images), Augmentation.DRAWS, generator=generator.manual_seed(seed))
        return augment(images, labels, draws)

    return call


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


@pytest.mark.parametrize('name', RECIPES)
def test_a_batch_and_its_loss_stay_on_their_gpu(name):
    recipe = replace(find_recipe(name, 'camvid'), crop_px=(64, 64), color_jitter=0.3)
    with FakeTensorMode():  # its tensors have a device and a shape, and nothing else
        images, labels = (torch.empty_like(one, device='cuda') for one in batch())
        x, target = augmentation(recipe)(images, labels)
        logits = torch.empty(16, 11, 64, 64, device='cuda')
        given = (logits,) * 3 if recipe.auxiliary_weight else logits
        loss = make_loss(recipe, weights=torch.ones(11, device='cuda'))(given, target)
    assert {one.device.type for one in (x, target, loss)} == {'cuda'}
    assert x.shape == (16, 3, 64, 64)


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


@pytest.mark.parametrize(
    ('draws', 'left', 'right'),
    [
        ((0.5, 0.5, 0.5), (40, 80, 120), (200, 100, 20)),
        ((0, 0.5, 0.5), (20, 40, 60), (100, 50, 10)),
        ((0.9, 0.5, 0.5), (56, 112, 168), (255, 140, 28)),
        # Halfway to the mean brightness of the crop, 96.69.
        ((0.5, 0, 0.5), (68.345, 88.345, 108.345), (148.345, 98.345, 58.345)),
        # Halfway to the brightness of the pixel, 72.6 and 120.78.
        ((0.5, 0.5, 0), (56.3, 76.3, 96.3), (160.39, 110.39, 70.39)),
    ],
    ids=['as it is', 'darker', 'brighter', 'less contrast', 'paler'],
)
def test_brightness_contrast_and_saturation_have_a_draw_each(draws, left, right):
    images = torch.tensor([(40, 80, 120), (200, 100, 20)], dtype=torch.uint8)
    images = images.repeat_interleave(32, dim=0).T[None, :, None].expand(-1, -1, 64, -1)
    recipe = replace(PLAIN, crop_px=(64, 64), scales=(1.0,), color_jitter=0.5)
    augment = Augmentation(recipe, mean=MEAN, std=STD)
    not_flipped = (0, 0, 0, 0.5, 0, 0, 0)
    x, _ = augment(images, images[:, 0], torch.tensor([(*not_flipped, *draws)]))
    colors = x[0].movedim(0, -1) * torch.tensor(STD) + torch.tensor(MEAN)
    for found, expected in ((colors[:, :32], left), (colors[:, 32:], right)):
        assert torch.allclose(found, torch.tensor(expected, dtype=torch.float32), atol=0.01)


def test_the_same_seed_gives_the_same_batch():
    recipe = find_recipe('cpu', 'camvid')
    first, second = (augmentation(recipe, seed=5)(*batch()) for _ in range(2))
    other = augmentation(recipe, seed=6)(*batch())
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], other[0])


def test_a_sample_does_not_depend_on_the_others_of_its_batch():
    recipe = find_recipe('cpu', 'camvid')
    augment = Augmentation(recipe, mean=MEAN, std=STD)
    draws = torch.rand(16, Augmentation.DRAWS, generator=torch.Generator().manual_seed(0))
    images, labels = batch()
    whole = augment(images, labels, draws)
    part = augment(images[5:7], labels[5:7], draws[5:7])
    assert torch.allclose(whole[0][5:7], part[0], atol=1e-4)
    assert torch.equal(whole[1][5:7], part[1])


def scene(height=40, width=60):
    """Return labels (1, H, W): class 2 in one pixel, 3 in twelve, the rest 0 and void."""
    labels = torch.zeros(1, height, width, dtype=torch.uint8)
    labels[:, :10] = VOID
    labels[0, 31, 47] = 2
    labels[0, 20:23, 5:9] = 3
    return labels


def test_a_class_is_drawn_evenly_and_a_pixel_evenly_from_it():
    count, (height, width) = 6000, (40, 60)
    draws = torch.rand(2, count, generator=torch.Generator().manual_seed(0))
    places = class_places(scene().expand(count, -1, -1), *draws)
    rows = ((places[:, 0] + 1) * height / 2 - 0.5).round().long()
    columns = ((places[:, 1] + 1) * width / 2 - 0.5).round().long()
    found = scene()[0, rows, columns].long()
    shares = torch.bincount(found, minlength=256) / count
    assert shares[[0, 2, 3]].tolist() == pytest.approx([1 / 3] * 3, abs=0.03)
    assert shares[[0, 2, 3]].sum() == 1, 'never void'
    assert set(zip(rows[found == 2].tolist(), columns[found == 2].tolist())) == {(31, 47)}
    pixels = torch.bincount((rows * width + columns)[found == 3])
    assert (pixels > 0).sum() == 12
    assert pixels[pixels > 0].min() > 0.5 * pixels.max()


def test_draws_at_their_limits_stay_on_a_class():
    below_one = torch.tensor([0.0, 1 - 2**-24])
    labels = torch.zeros(2, 2000, 2000, dtype=torch.uint8)
    labels[:, -1, -1] = 1
    places = class_places(labels, below_one, below_one)
    assert places[0].tolist() == pytest.approx([-1 + 1 / 2000] * 2)
    assert places[1].tolist() == pytest.approx([1 - 1 / 2000] * 2)
    assert class_places(torch.full_like(labels, VOID), below_one, below_one).abs().max() < 1


@pytest.mark.parametrize('scale', [0.5, 1.0, 2.0])
def test_a_share_of_the_crops_is_centred_on_a_class(scale):
    # One pixel of class 1 in a large image: a crop about it always shows it, others seldom.
    labels = torch.zeros(300, 200, 200, dtype=torch.uint8)
    rows, columns = torch.randint(0, 200, (2, 300), generator=torch.Generator().manual_seed(1))
    for dy in (0, 1):
        for dx in (0, 1):  # four pixels, so that none is lost at half the size
            labels[
                torch.arange(300), (rows + dy).clamp(max=199), (columns + dx).clamp(max=199)
            ] = 1
    images = labels[:, None].expand(-1, 3, -1, -1)
    recipe = replace(PLAIN, crop_px=(64, 64), scales=(scale,))
    shown = {}
    for share in (0.0, 0.5, 1.0):
        _, target = augmentation(replace(recipe, class_uniform_share=share))(images, labels)
        shown[share] = (target == 1).flatten(1).any(1).float().mean().item()
    by_chance, half, always = shown.values()
    # Half of the crops about a class are about class 0, somewhere.
    assert always > 0.5 + by_chance / 2 - 0.08
    assert half == pytest.approx((always + by_chance) / 2, abs=0.08)


def test_a_crop_about_a_class_stays_in_the_image():
    labels = torch.full((64, 80, 96), VOID, dtype=torch.uint8)
    labels[:, 0, 0] = 1  # a corner
    images = labels[:, None].expand(-1, 3, -1, -1)
    recipe = replace(PLAIN, crop_px=(64, 64), scales=(1.0,), class_uniform_share=1.0)
    _, target = augmentation(recipe)(images, labels)
    corner = torch.cat((target[:, 0, 0], target[:, 0, -1]))
    assert (corner == 1).sum() == 64
    assert ((target == 1).flatten(1).sum(1) == 1).all()


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_every_pixel_lies_where_its_draws_say(share):
    """The geometry once more, in plain steps of Python, for nearest labels."""
    generator = torch.Generator().manual_seed(2)
    labels = torch.randint(0, 5, (3, 70, 90), generator=generator, dtype=torch.uint8)
    images = labels[:, None].expand(-1, 3, -1, -1)
    recipe = replace(PLAIN, crop_px=(64, 66), scales=(0.53, 0.83, 1.73), class_uniform_share=share)
    draws = torch.rand(3, Augmentation.DRAWS, generator=generator)
    _, target = Augmentation(recipe, mean=MEAN, std=STD)(images, labels, draws)
    differing = 0
    for number, row in enumerate(draws.tolist()):
        scale = recipe.scales[int(row[0] * 3)]
        size = (64 / scale, 66 / scale)  # of the window, in pixels of the image
        slack = [side - window for side, window in zip((70, 90), size)]
        if share:
            present = labels[number].unique().tolist()
            where = (labels[number] == present[int(row[5] * len(present))]).nonzero().tolist()
            place = where[int(row[6] * len(where))]
            start = [p + 0.5 - w / 2 for p, w in zip(place, size)]
            start = [min(max(s, min(0, f)), max(0, f)) for s, f in zip(start, slack)]
        else:
            start = [f * u if f > 0 else f * (1 - u) for f, u in zip(slack, row[1:3])]
        for y in range(64):
            for x in range(66):
                across = 65 - x if row[3] < 0.5 else x
                at_y = math.floor(start[0] + (y + 0.5) / scale)
                at_x = math.floor(start[1] + (across + 0.5) / scale)
                inside = 0 <= at_y < 70 and 0 <= at_x < 90
                expected = labels[number, at_y, at_x] if inside else VOID
                differing += int(target[number, y, x] != expected)
    assert differing < 0.01 * target.numel(), 'only where rounding decides'
