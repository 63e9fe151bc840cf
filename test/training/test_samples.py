"""Samples in memory and on disk: the same bits, and nothing left behind."""

import threading
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from csrnet_ros.errors import DatasetError
from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.datasets import camvid
from csrnet_ros.training.datasets.street import draw_street
from csrnet_ros.training.loop import TrainingRun
from csrnet_ros.training.losses import class_weights
from csrnet_ros.training.memory import Room, find_room, hold
from csrnet_ros.training.processes import Processes
from csrnet_ros.training.settings import RunSettings
from csrnet_ros.training.stream import AHEAD
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

same_batches = SimpleNamespace(**run_path(str(Path(__file__).with_name('same_batches.py'))))
RECIPE, stream = same_batches.RECIPE, same_batches.stream

CPU = torch.device('cpu')
ALONE = Processes()
DEVICES = ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)]


@pytest.fixture
def streamed(small_camvid):
    return stream(small_camvid, CPU)


def reading_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith('reader')]


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('accumulate', [1, 2])
def test_both_give_the_same_batches_from_any_step(small_camvid, device, accumulate):
    streamed = stream(small_camvid, torch.device(device))
    wanted, found = (
        same_batches.make_batches(samples, processes=ALONE, accumulate=accumulate)
        for samples in (hold(streamed), streamed)
    )
    steps = list(wanted.from_step(0))
    assert [len(parts) for parts in steps] == 6 * [accumulate]
    for first in (0, 1, 2, 5):
        same_batches.assert_same(found.from_step(first), steps[first:])
        same_batches.assert_same(wanted.from_step(first), steps[first:])
    assert not torch.equal(steps[0][0].x, steps[2][0].x), 'a new epoch is a new order'


def test_both_count_the_same_labels(streamed):
    held = hold(streamed)
    counts = streamed.label_counts()
    assert torch.equal(counts, held.label_counts())
    assert counts.sum() == 8 * 96 * 128
    weights, expected = (
        class_weights(samples, num_classes=11, balance=0.4) for samples in (streamed, held)
    )
    assert torch.equal(weights, expected)


def test_labels_are_not_read_for_weights_that_do_not_need_them(streamed, small_camvid):
    for path in small_camvid.glob('*annot/*'):
        path.unlink()
    assert class_weights(streamed, num_classes=11, balance=0.0).tolist() == 11 * [1]


def test_labels_alone_are_those_of_the_pair_in_another_size_too(small_camvid):
    for size_px in (None, (64, 80)):
        data = replace(camvid(small_camvid, 'train'), size_px=size_px)
        label = data.read(1)[1]
        np.testing.assert_array_equal(data.read_label(1), label)
        assert data.size(1) == label.shape == (size_px or (96, 128))


def test_only_the_files_of_the_order_are_read(streamed, small_camvid):
    data = camvid(small_camvid, 'trainval')
    expected, label = data.read(3)
    for index in {*range(len(data))} - {3}:
        data.pairs[index].image.unlink()
    [(images, labels)] = streamed.batches([torch.tensor([3, 6])])
    np.testing.assert_array_equal(images[0].permute(1, 2, 0), expected)
    np.testing.assert_array_equal(labels[0], label)


def test_orders_are_taken_a_few_batches_ahead_and_threads_end_with_the_batches(streamed):
    taken = []
    batches = streamed.batches(taken.append(n) or torch.tensor([n % 8]) for n in range(100))
    for number in range(4):
        next(batches)
        assert len(taken) == number + 1 + AHEAD
    assert reading_threads()
    batches.close()
    assert not reading_threads()


def test_a_file_that_becomes_unreadable_is_named_and_ends_the_reading(streamed, small_camvid):
    path = camvid(small_camvid, 'trainval').pairs[2].label
    path.write_bytes(path.read_bytes()[:100])
    batches = streamed.batches(torch.arange(8).split(2))
    next(batches)
    with pytest.raises(DatasetError, match=f'{path}: not a whole label image'):
        next(batches)
    assert not reading_threads()
    with pytest.raises(DatasetError, match=f'{path}: not a whole label image'):
        streamed.label_counts()


def test_an_image_that_changes_its_size_is_named(streamed, small_camvid):
    pair = camvid(small_camvid, 'trainval').pairs[0]
    for path in (pair.image, pair.label):
        cv2.imwrite(str(path), np.zeros((64, 64), np.uint8))
    with pytest.raises(DatasetError, match=f'{pair.image}: 64x64 pixels, .* 96x128'):
        next(streamed.batches([torch.tensor([0])]))
    with pytest.raises(
        DatasetError, match=f'{pair.image}: 64x64 pixels, but the others have 96x128'
    ):
        stream(small_camvid, CPU)


def test_samples_are_held_where_there_is_room(streamed):
    size = 8 * 96 * 128 * 4
    assert streamed.bytes == size
    enough, short = Room(2 * size), Room(2 * size - 1)
    held = enough.place(streamed)
    assert held.images.nbytes + held.labels.nbytes == size
    assert short.place(streamed) is streamed
    assert enough.verdict(streamed) == (
        '8 images of 128x96 take 0.00 GB, of 0.00 GB free on cpu up to 50% may be used: they are '
        'held in memory'
    )
    assert short.verdict(streamed).endswith('they are read from disk, batch by batch')


@pytest.mark.parametrize('device', DEVICES)
def test_a_device_has_room(device):
    assert 1e6 < find_room(torch.device(device)).free_bytes < 1e14


def start(samples):
    torch.manual_seed(0)
    return TrainingRun(
        CSRNet(VARIANTS['light'], num_classes=11),
        samples,
        augment=Augmentation(RECIPE, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        settings=RunSettings(),
    )


def test_a_streamed_run_that_is_cut_goes_on_as_one_in_memory(streamed):
    whole, cut, continued = start(hold(streamed)), start(streamed), start(streamed)
    wanted = [step.loss for _ in range(2) for step in whole.epoch()]
    losses = [step.loss for step in cut.epoch(stop=lambda: True)]
    assert reading_threads()
    cut.close()
    assert not reading_threads()
    continued.load_state(cut.state())
    losses += [step.loss for _ in range(2) for step in continued.epoch()]
    assert losses == pytest.approx(wanted, rel=1e-4)
    assert continued.waited_s > 0
    continued.close()
    assert not reading_threads()


def test_training_never_sees_the_street_of_the_demo(small_camvid):
    samples = hold(stream(small_camvid, CPU)).images
    demo, _ = draw_street(0, seed=0, height_px=samples.shape[2], width_px=samples.shape[3])
    assert not (samples == torch.from_numpy(demo.transpose(2, 0, 1))).all(3).all(2).all(1).any()
