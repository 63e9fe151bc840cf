"""The crops in which networks differ most, on truths that are drawn for it."""

import numpy as np
import pytest

from csrnet_ros.labels import VOID
from csrnet_ros.training.crops import CropFinder
from csrnet_ros.training.evaluate import Outcome
from csrnet_ros.training.objects import find_objects

ROAD, POLE, CAR, BUS = range(4)
HEIGHT_PX, WIDTH_PX = 300, 400


def street(*, pole_left=50):
    """Return a truth of a thin pole and a big car on a road, 300x400 pixels."""
    truth = np.full((HEIGHT_PX, WIDTH_PX), ROAD, np.uint8)
    truth[50:150, pole_left : pole_left + 3] = POLE
    truth[150:250, 200:350] = CAR
    truth[30:40] = VOID
    return truth


def without(truth, one, *, taken_for, rows):
    """Return a prediction in which some rows of a class are taken for another."""
    predicted = truth.copy()
    predicted[rows][truth[rows] == one] = taken_for
    predicted[truth == VOID] = one  # which is never to count
    return predicted


def found(*outcomes):
    finder = CropFinder(4)
    for index, (truth, *predictions) in enumerate(outcomes):
        image = np.zeros((*truth.shape, 3), np.uint8)
        finder.update(Outcome(index, image, truth, tuple(predictions)))
    return finder


def test_the_crop_is_where_the_networks_differ_most_and_tells_the_iou_there():
    truth = street()
    half = without(truth, POLE, taken_for=ROAD, rows=slice(100, 300))
    most = without(truth, POLE, taken_for=ROAD, rows=slice(60, 300))
    (crop,) = found(
        (truth, half, truth), (truth, most, truth), (truth, half, truth), (truth, most, most)
    ).thin()
    assert crop.index == 1
    assert (crop.class_id, crop.other) == (POLE, ROAD)
    assert crop.iou == (pytest.approx(10), 100)


def test_a_big_object_is_dominant_and_no_thin_one():
    truth = street()
    finder = found((truth, without(truth, CAR, taken_for=BUS, rows=slice(0, 300)), truth))
    assert finder.thin() == []
    assert [crop.class_id for crop in finder.dominant()] == [CAR]
    assert finder.dominant()[0].iou == (0, 100)


def test_a_thin_object_is_no_dominant_one():
    truth = street()
    finder = found((truth, without(truth, POLE, taken_for=BUS, rows=slice(0, 300)), truth))
    assert [crop.class_id for crop in finder.thin()] == [POLE]
    assert finder.dominant() == []


def test_the_class_in_which_the_networks_differ_most_comes_first():
    truth = street()
    finder = found((truth, without(truth, CAR, taken_for=ROAD, rows=slice(0, 300)), truth))
    assert [crop.class_id for crop in finder.dominant()] == [CAR, ROAD]


def test_look_alikes_are_objects_of_one_taken_for_the_other():
    truth = street()
    lost = without(truth, POLE, taken_for=ROAD, rows=slice(0, 300))
    lost[truth == CAR] = BUS
    finder = found((truth, lost, truth))
    (crop,) = finder.similar([(CAR, BUS)])
    assert (crop.class_id, crop.other) == (CAR, BUS)
    assert [crop.class_id for crop in finder.similar([(POLE, BUS), (ROAD, POLE), (CAR, BUS)])] == [
        POLE,
        CAR,
    ]


def test_thin_strips_do_not_make_a_class_thin():
    truth = street()
    truth[20:140, 390:393] = CAR  # a sliver of one that is hidden
    predicted = without(truth, CAR, taken_for=ROAD, rows=slice(0, 145))
    assert found((truth, predicted, truth)).thin() == []


def test_where_all_networks_agree_there_is_no_crop():
    truth = street()
    wrong = without(truth, CAR, taken_for=BUS, rows=slice(0, 300))
    finder = found((truth, wrong, wrong))
    assert finder.thin() == finder.dominant() == finder.similar([(CAR, BUS)]) == []


@pytest.mark.parametrize('pole_left', [0, 50, 397])
def test_windows_hold_their_object_within_the_image_in_its_proportions(pole_left):
    truth = street(pole_left=pole_left)
    lost = without(truth, POLE, taken_for=ROAD, rows=slice(0, 300))
    (crop,) = found((truth, lost, truth)).thin()
    pole = next(item for item in find_objects(truth, least_px=1) if item.class_id == POLE)
    for part, inner, limit_px in zip(crop.window, pole.box, truth.shape):
        assert 0 <= part.start <= inner.start
        assert inner.stop <= part.stop <= limit_px
    height_px, width_px = truth[crop.window].shape
    assert height_px == 150
    assert width_px == 200
