"""The pairs of classes that are confused with one another."""

import numpy as np

from csrnet_ros.training.look_alikes import look_alikes
from csrnet_ros.training.metrics import ConfusionMatrix

ROAD, POLE, CAR, BUS = range(4)


def matrix(*rows):
    made = ConfusionMatrix(4)
    made.counts = np.array(rows)
    return made


def test_pairs_that_are_alike_come_before_one_that_is_lost_in_another():
    lost = matrix([1000, 0, 9, 0], [9, 1, 0, 0], [9, 0, 85, 6], [0, 0, 5, 5])
    # 11 of 110 pixels, 18 of 1109, and 9 of 1019, although 9 of 10 poles are lost.
    assert look_alikes([lost]) == [(CAR, BUS), (ROAD, CAR), (ROAD, POLE)]


def test_the_networks_count_together():
    one = matrix([10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 9, 1], [0, 0, 0, 10])
    other = matrix([8, 2, 0, 0], [0, 10, 0, 0], [0, 0, 8, 2], [0, 0, 0, 10])
    assert look_alikes([one]) == [(CAR, BUS)]
    assert look_alikes([one, other]) == [(CAR, BUS), (ROAD, POLE)]


def test_nothing_confused_is_no_pair():
    assert look_alikes([matrix(*np.diag([5, 5, 5, 0]))]) == []
