"""The objects of a truth."""

import numpy as np
import pytest

from csrnet_ros.labels import VOID
from csrnet_ros.training.objects import find_objects


def test_objects_are_the_connected_regions_of_each_class():
    truth = np.zeros((30, 40), np.uint8)
    truth[5:25, 10:13] = 2  # a pole, 3 pixels wide
    truth[20:28, 20:30] = 2
    truth[2, 2] = 2  # too small
    truth[0:2, 30:40] = VOID
    background, pole, block = find_objects(truth, least_px=20)
    assert (background.class_id, pole.class_id, block.class_id) == (0, 2, 2)
    assert (pole.area_px, block.area_px) == (60, 80)
    assert (pole.half_width_px, block.half_width_px) == (2, 4)
    assert pole.box == np.s_[5:25, 10:13]
    assert pole.region.all()
    assert background.area_px == truth.size - 60 - 80 - 1 - 20


def test_what_touches_by_a_corner_is_one_object_and_its_box_may_hold_others():
    truth = np.kron(np.array([[1, 0], [0, 1]], np.uint8), np.ones((5, 5), np.uint8))
    zero, one = find_objects(truth, least_px=1)
    assert zero.area_px == one.area_px == 50
    np.testing.assert_array_equal(one.region, truth == 1)


def test_nothing_is_thin_for_being_cut_by_the_edge_of_the_image():
    truth = np.zeros((50, 50), np.uint8)
    truth[10:40, :8] = 1  # a car of which 8 columns are seen
    _, car = find_objects(truth, least_px=20)
    assert car.half_width_px == pytest.approx(8)
