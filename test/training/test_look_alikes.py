"""The pairs of classes that are confused with one another."""

import numpy as np

from csrnet_ros.training.look_alikes import look_alikes
from csrnet_ros.training.metrics import ConfusionMatrix

ROAD, _, CAR, BUS = range(4)


def matrix(*rows):
    made = ConfusionMatrix(4)
    made.counts = np.array(rows)
    return made


def test_pairs_that_are_taken_for_each_other_come_before_one_that_is_lost_in_another():
    lost = matrix([1000, 0, 9, 0], [9, 1, 0, 0], [9, 0, 85, 6], [0, 0, 5, 5])
    assert look_alikes([lost]) == [(CAR, BUS), (ROAD, CAR)]


def test_the_networks_count_together():
    one = matrix([10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 5, 5], [0, 0, 0, 10])
    other = matrix([10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 10, 0], [0, 0, 5, 5])
    assert look_alikes([one]) == look_alikes([other]) == []
    assert look_alikes([one, other]) == [(CAR, BUS)]


def test_nothing_confused_is_no_pair():
    assert look_alikes([matrix(*np.diag([5, 5, 5, 0]))]) == []
