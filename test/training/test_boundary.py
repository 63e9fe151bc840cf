"""The trimap, against its definition taken pixel by pixel."""

import numpy as np
import pytest

from csrnet_ros.labels import VOID
from csrnet_ros.training.boundary import trimap


def defined(truth, radius_px):
    """Keep the pixels that have one of another class within the radius; make the others void."""
    rows, columns = np.indices(truth.shape)
    kept = np.full_like(truth, VOID)
    for row, column in zip(*np.nonzero(truth != VOID)):
        near = (rows - row) ** 2 + (columns - column) ** 2 <= radius_px**2
        other = (truth != truth[row, column]) & (truth != VOID)
        if (near & other).any():
            kept[row, column] = truth[row, column]
    return kept


@pytest.mark.parametrize('radius_px', [1, 3, 5])
def test_only_what_is_near_another_class_stays(radius_px):
    random = np.random.RandomState(0)
    # Blocks of 6x6 pixels, so that there is an inside; 254 is the highest class that can be.
    truth = random.choice([0, 1, 254, VOID], (6, 7)).astype(np.uint8).repeat(6, 0).repeat(6, 1)
    kept = trimap(truth, radius_px=radius_px)
    np.testing.assert_array_equal(kept, defined(truth, radius_px))
    assert (kept != truth).any()


def test_a_band_holds_as_many_pixels_on_either_side_of_a_boundary():
    truth = np.zeros((20, 20), np.uint8)
    truth[:, 10:] = 1
    assert np.flatnonzero(trimap(truth, radius_px=3)[0] != VOID).tolist() == [*range(7, 13)]


def test_neither_void_nor_the_edge_of_the_image_is_a_boundary():
    truth = np.zeros((20, 20), np.uint8)
    truth[5:9, 5:9] = VOID
    assert (trimap(truth, radius_px=5) == VOID).all()


def test_a_strip_of_void_narrower_than_the_radius_hides_no_boundary():
    truth = np.zeros((20, 20), np.uint8)
    truth[:, 10:] = 1
    truth[:, 10] = VOID
    assert np.flatnonzero(trimap(truth, radius_px=3)[0] != VOID).tolist() == [8, 9, 11, 12]
