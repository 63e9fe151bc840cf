"""The drawn street: exact labels, every class, smooth and endless motion, any size."""

import numpy as np
import pytest

from csrnet_ros.labels import CAMVID
from csrnet_ros.training.datasets.street import draw_street

SEEDS = (0, 1, 7, 12345)


def test_picture_and_labels_have_the_promised_form():
    picture, labels = draw_street(3)
    assert picture.shape == (360, 480, 3)
    assert labels.shape == (360, 480)
    assert picture.dtype == labels.dtype == np.uint8
    assert labels.max() < len(CAMVID)
    assert picture.flags.c_contiguous
    assert labels.flags.c_contiguous


@pytest.mark.parametrize('frame', [0, 41, 100_000])
def test_the_same_frame_is_drawn_the_same_again(frame):
    first = draw_street(frame, seed=5)
    draw_street(frame + 17, seed=6)
    second = draw_street(frame, seed=5)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_what_a_caller_does_to_a_frame_stays_with_the_caller():
    picture, labels = draw_street(9)
    kept = picture.copy(), labels.copy()
    picture[:] = 0
    labels[:] = 0
    again = draw_street(9)
    np.testing.assert_array_equal(again[0], kept[0])
    np.testing.assert_array_equal(again[1], kept[1])


@pytest.mark.parametrize('seed', SEEDS)
def test_every_class_is_seen_within_a_hundred_frames(seed):
    largest = np.zeros(len(CAMVID), int)
    for frame in range(1000, 1100, 9):
        labels = draw_street(frame, seed=seed)[1]
        largest = np.maximum(largest, np.bincount(labels.ravel(), minlength=len(CAMVID)))
    missing = [name for name, count in zip(CAMVID.classes, largest) if count < 60]
    assert not missing


@pytest.mark.parametrize('seed', SEEDS)
def test_the_next_frame_differs_a_little(seed):
    for frame in (0, 333, 50_000):
        picture, labels = draw_street(frame, seed=seed)
        next_picture, next_labels = draw_street(frame + 1, seed=seed)
        assert (labels == next_labels).mean() > 0.85
        assert (labels != next_labels).mean() > 0.001
        change = np.abs(picture.astype(int) - next_picture).mean()
        assert 1 < change < 20


def test_the_camera_comes_nearer_to_what_stands_still():
    """A street drawn ten seconds on shares no more than its layout with where it began."""
    labels = draw_street(0, seed=3)[1]
    later = draw_street(150, seed=3)[1]
    assert (labels == later).mean() < (labels == draw_street(1, seed=3)[1]).mean() - 0.03


def test_seeds_are_streets_of_their_own():
    pictures = [draw_street(20, seed=seed)[0].astype(int) for seed in range(6)]
    for place, picture in enumerate(pictures):
        for other in pictures[place + 1 :]:
            assert np.abs(picture - other).mean() > 15


@pytest.mark.parametrize('size', [(64, 64), (90, 123), (65, 400), (300, 64), (512, 1024)])
def test_any_size_shows_the_same_street(size):
    height_px, width_px = size
    picture, labels = draw_street(8, height_px=height_px, width_px=width_px)
    assert picture.shape == (height_px, width_px, 3)
    assert labels.shape == size
    assert labels[-1, width_px // 2] == CAMVID.index('road')
    assert {CAMVID.index('road'), CAMVID.index('building')} <= set(np.unique(labels).tolist())


def test_labels_scale_with_the_picture():
    small = draw_street(8, seed=2, height_px=180, width_px=240)[1]
    large = draw_street(8, seed=2, height_px=360, width_px=480)[1]
    assert (small == large[::2, ::2]).mean() > 0.93


@pytest.mark.parametrize('size', [(63, 480), (360, 10)])
def test_too_small_a_picture_is_refused(size):
    with pytest.raises(ValueError, match='at least 64'):
        draw_street(0, height_px=size[0], width_px=size[1])


@pytest.mark.parametrize('seed', SEEDS)
def test_classes_lie_where_a_street_has_them(seed):
    rows = np.arange(360)[:, None] * np.ones((1, 480))
    labels = draw_street(77, seed=seed)[1]
    middle = {name: rows[labels == CAMVID.index(name)].mean() for name in ('sky', 'road', 'car')}
    assert middle['sky'] < middle['car'] < middle['road']


@pytest.mark.parametrize('seed', SEEDS)
def test_the_picture_changes_where_the_labels_do(seed):
    """The outlines of the classes are edges of the picture: both are one drawing."""
    picture, labels = draw_street(77, seed=seed)
    gray = picture.astype(int).sum(-1)
    step = np.abs(np.diff(gray, axis=1))
    border = np.diff(labels.astype(int), axis=1) != 0
    assert step[border].mean() > 2 * step[~border].mean()


def test_the_sky_is_brighter_than_the_road():
    for seed in range(8):
        picture, labels = draw_street(0, seed=seed)
        light = picture.mean(-1)
        sky, road = (light[labels == CAMVID.index(name)].mean() for name in ('sky', 'road'))
        assert sky > road + 30
