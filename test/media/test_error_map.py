"""The picture of where labels are wrong."""

import numpy as np

from csrnet_ros.labels import VOID
from csrnet_ros.media.error_map import STRIPES, WRONG, draw_errors


def test_wrong_pixels_are_red_void_ones_striped_and_all_others_gray():
    image = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
    truth = np.zeros((40, 60), np.uint8)
    truth[:, 40:] = VOID
    predicted = truth.copy()
    predicted[:, 30:] = 1
    drawn = draw_errors(image, truth, predicted)
    assert (drawn[:, 30:40] == WRONG).all()
    assert {tuple(color) for color in drawn[:, 40:].reshape(-1, 3).tolist()} == set(STRIPES)
    right = drawn[:, :30]
    assert (right[..., 0] == right[..., 1]).all()
    assert (right[..., 1] == right[..., 2]).all()
    assert np.ptp(right) > 50, 'the image is still to be seen'
