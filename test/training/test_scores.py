"""What is measured of several networks in one pass."""

import numpy as np
import pytest

from csrnet_ros.labels import VOID
from csrnet_ros.training.evaluate import Outcome
from csrnet_ros.training.scores import Scores

IMAGE = np.zeros((20, 20, 3), np.uint8)


def halves():
    """Return a truth of two halves and a corner that is void."""
    truth = np.zeros((20, 20), np.uint8)
    truth[:, 10:] = 1
    truth[:2, :2] = VOID
    return truth


def shifted(columns):
    """Return a prediction whose boundary lies some columns too far to the right."""
    predicted = np.zeros((20, 20), np.uint8)
    predicted[:, 10 + columns :] = 1
    return predicted


def test_each_network_is_counted_overall_and_near_the_boundaries():
    scores = Scores(2, 2)
    scores.update(Outcome(0, IMAGE, halves(), (shifted(0), shifted(1))))
    exact, off = scores.networks
    assert exact.overall.miou() == exact.near_boundary[3].miou() == 100
    # Of 3 columns on either side one is wrong: IoU 3/4 and 2/3.
    assert off.near_boundary[3].miou() == pytest.approx(100 * (3 / 4 + 2 / 3) / 2)
    assert off.near_boundary[5].miou() == pytest.approx(100 * (5 / 6 + 4 / 5) / 2)
    assert off.overall.counts.sum() == 396
    assert off.near_boundary[5].counts.sum() == 200


def test_the_worst_images_are_those_with_most_pixels_wrong_in_all_networks_together():
    scores = Scores(2, 2)
    for index, columns in enumerate([(0, 1), (5, 0), (2, 2), (0, 0)]):
        scores.update(Outcome(index, IMAGE, halves(), tuple(map(shifted, columns))))
    assert scores.worst(3) == [1, 2, 0]
    assert scores.wrong_shares[1] == pytest.approx(5 * 20 / 396 / 2)


def test_an_image_of_nothing_but_void_is_not_among_the_worst():
    scores = Scores(1, 2)
    scores.update(Outcome(0, IMAGE, np.full((20, 20), VOID, np.uint8), (shifted(0),)))
    scores.update(Outcome(1, IMAGE, halves(), (shifted(1),)))
    assert scores.worst(1) == [1]
