"""Training: samples in memory, and a loop that learns."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from csrnet_ros.errors import DatasetError, TrainingError
from csrnet_ros.labels import VOID
from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.background import copy_to_host
from csrnet_ros.training.config import Recipe, find_recipe
from csrnet_ros.training.datasets import camvid
from csrnet_ros.training.loop import TrainingRun
from csrnet_ros.training.memory import hold
from csrnet_ros.training.plan import plan_epoch
from csrnet_ros.training.settings import RunSettings, choose_algorithms
from csrnet_ros.training.stream import StreamedSamples
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

CPU = torch.device('cpu')
RECIPE = Recipe(
    epochs=6, learning_rate=1e-3, crop_px=(64, 64), scales=(1.0,), batch_size=4,
    imagenet_backbone=False,
)  # fmt: skip


class InPrecision(Augmentation):
    """Gives the network's input in a precision of its own."""

    dtype = torch.float32

    def __call__(self, images, labels, draws):
        x, target = super().__call__(images, labels, draws)
        return x.to(self.dtype), target


def held(data, drawn_frames=0, device=CPU):
    return hold(StreamedSamples(data, drawn_frames=drawn_frames, device=device))


def start(samples, recipe, *, dtype=torch.float32, **settings):
    settings = RunSettings(**settings)
    torch.manual_seed(settings.seed)
    network = CSRNet(VARIANTS['light'], num_classes=11).to(samples.device, dtype)
    augment = InPrecision(recipe, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    augment.dtype = dtype
    return TrainingRun(network, samples, augment=augment, settings=settings)


def finish(run):
    steps = []
    while run.steps_done < run.steps:
        steps += run.epoch()
    return steps


def losses(run):
    return [step.loss for step in finish(run)]


def gradients(run):
    """Return what Adam has seen of the gradients of each parameter."""
    return [values['exp_avg'] for values in run.state()['optimizer']['state'].values()]


def test_a_set_in_memory_is_what_is_on_disk(small_camvid):
    data = camvid(small_camvid, 'train')
    samples = held(data, drawn_frames=2)
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
        held(data)


def test_the_loss_falls(small_camvid):
    samples = held(camvid(small_camvid, 'trainval'), drawn_frames=2)
    steps = finish(start(samples, RECIPE))
    assert [step.number for step in steps] == list(range(1, 13))
    assert [step.epoch for step in steps] == [1 + number // 2 for number in range(12)]
    assert np.mean([s.loss for s in steps[-2:]]) < 0.7 * np.mean([s.loss for s in steps[:2]])


def test_the_same_seed_gives_the_same_run(small_camvid):
    samples = held(camvid(small_camvid, 'train'))
    recipe = replace(RECIPE, epochs=2, color_jitter=0.2)
    first, second, other = (losses(start(samples, recipe, seed=seed)) for seed in (3, 3, 4))
    assert first == pytest.approx(second, rel=1e-4)
    assert first != pytest.approx(other, rel=1e-2)


@pytest.mark.parametrize('precision', ['bf16', 'fp16'])
def test_half_precision_sees_about_the_same_loss(small_camvid, precision):
    samples = held(camvid(small_camvid, 'val'))
    recipe = replace(RECIPE, epochs=1, batch_size=2)  # fp16 is slow on a CPU
    expected = losses(start(samples, recipe))
    run = start(samples, recipe, precision=precision)
    found = losses(run)
    assert found == pytest.approx(expected, rel=0.05)
    assert found != expected
    assert bool(run.state()['scaler']) == (precision == 'fp16')


@pytest.mark.gpu
@pytest.mark.parametrize('precision', ['fp32', 'bf16', 'fp16'])
@pytest.mark.parametrize('recipe', ['paper', 'scratch', 'cpu'])
def test_a_gpu_sees_about_the_same_loss(small_camvid, recipe, precision):
    recipe = replace(
        find_recipe(recipe, 'camvid'), epochs=2, batch_size=2, crop_px=(64, 64), drawn_frames=0
    )
    data = camvid(small_camvid, 'val')
    expected = losses(start(held(data), recipe))
    run = start(held(data, device=torch.device('cuda:0')), recipe, precision=precision)
    (step,) = run.epoch()
    assert step.loss == pytest.approx(expected[0], rel=0.1)
    run.load_state(copy_to_host(run.state()))
    (step,) = run.epoch()
    assert step.loss == pytest.approx(expected[1], rel=0.3)


@pytest.mark.gpu
@pytest.mark.parametrize('recipe', ['paper', 'scratch', 'cpu'])
def test_the_same_bits_on_a_gpu_where_asked_for(small_camvid, recipe, monkeypatch):
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    samples = held(camvid(small_camvid, 'train'), device=torch.device('cuda:0'))
    recipe = replace(find_recipe(recipe, 'camvid'), epochs=2, batch_size=2, drawn_frames=0)
    choose_algorithms(deterministic=True)
    try:
        first, second = (start(samples, recipe) for _ in range(2))
        for run in (first, second):
            # As csrnet-train has it: in the other format, adaptive pooling has no such algorithm.
            run.network.to(memory_format=torch.channels_last)
        assert losses(first) == losses(second)
    finally:
        choose_algorithms(deterministic=False)
    for one, other in zip(first.weights().values(), second.weights().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.gpu
def test_no_step_waits_for_the_gpu(small_camvid):
    samples = held(camvid(small_camvid, 'trainval'), drawn_frames=2, device=torch.device('cuda:0'))
    run = start(samples, replace(RECIPE, ohem_probability=0.9, class_uniform_share=0.5))
    list(run.epoch())  # in which libraries and memory are made ready
    torch.cuda.set_sync_debug_mode('error')
    try:
        list(run.epoch())
    finally:
        torch.cuda.set_sync_debug_mode('default')


def test_a_batch_in_parts_gives_the_step_of_the_whole(small_camvid):
    # Two images that are their own mirrors, twice each; a seed that gives each part both.
    samples = held(camvid(small_camvid, 'train'))
    for values in (samples.images, samples.labels):
        values[..., 64:] = values[..., :64].flip(-1)
        values[2:] = values[:2]
    recipe = replace(RECIPE, crop_px=(96, 128), epochs=1)
    seed = next(
        seed
        for seed in range(100)
        if sorted(plan_epoch(0, seed=seed, images=4, draws=Augmentation.DRAWS).order[:2] % 2)
        == [0, 1]
    )
    # In single precision, BatchNorm over two like images makes percents of the last bit.
    whole, parts = (
        start(samples, recipe, dtype=torch.float64, seed=seed, accumulate=count)
        for count in (1, 2)
    )
    assert losses(parts) == pytest.approx(losses(whole), rel=1e-5)
    for wanted, found in zip(gradients(whole), gradients(parts), strict=True):
        assert (wanted - found).abs().max() <= 1e-8 * wanted.abs().max() + 1e-12


@pytest.mark.parametrize(
    ('images', 'settings', 'words'),
    [
        ('val', {}, '2 images are fewer than one batch of 4'),
        ('train', {'accumulate': 3}, 'cannot be shared equally'),
        ('train', {'accumulate': 4}, 'leaves BatchNorm one image'),
    ],
)
def test_batches_that_cannot_be_made(small_camvid, images, settings, words):
    samples = held(camvid(small_camvid, images))
    with pytest.raises(TrainingError, match=words):
        start(samples, RECIPE, **settings)


def test_a_loss_that_is_not_finite_stops_the_run(small_camvid):
    samples = held(camvid(small_camvid, 'train'))
    run = start(samples, replace(RECIPE, learning_rate=1e30, final_learning_rate=1e30))
    with pytest.raises(TrainingError, match=r'the loss is .* epoch \d, step \d, .* rate 1e\+30'):
        finish(run)


def test_weights_that_are_not_finite_are_no_state_to_save(small_camvid):
    samples = held(camvid(small_camvid, 'train'))
    run = start(samples, RECIPE)
    run.network.classify.bias.data[3] = torch.inf
    with pytest.raises(TrainingError, match='classify.bias .* no longer finite after epoch 0'):
        run.state()


def test_a_batch_of_nothing_but_void_teaches_nothing(small_camvid):
    samples = held(camvid(small_camvid, 'train'))
    samples.labels.fill_(VOID)
    run = start(samples, replace(RECIPE, weight_decay=0.0, epochs=1))
    before = [parameter.clone() for parameter in run.network.parameters()]
    assert losses(run) == [0.0]
    assert all(map(torch.equal, before, run.network.parameters()))


def test_a_run_stops_after_the_step_when_asked(small_camvid):
    samples = held(camvid(small_camvid, 'trainval'), drawn_frames=2)
    run = start(samples, RECIPE)
    assert [step.number for step in run.epoch(stop=lambda: True)] == [1]
    assert [step.number for step in run.epoch()] == [2]


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({'seed': -1}, 'seed is -1'),
        ({'seed': 2**64}, 'seed is 18446744073709551616'),
        ({'precision': 'fp8'}, "no precision 'fp8'; use fp32, bf16, fp16"),
        ({'accumulate': 0}, 'accumulate is 0'),
    ],
)
def test_settings_are_checked(settings, words):
    with pytest.raises(ValueError, match=words):
        RunSettings(**settings)
