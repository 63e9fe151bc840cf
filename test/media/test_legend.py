"""The picture of input, labels and overlay."""

import numpy as np
import pytest

from csrnet_ros.labels import CAMVID, CITYSCAPES, VOID
from csrnet_ros.media.legend import Triptych
from csrnet_ros.media.paper import PAPER


@pytest.mark.parametrize('labels', [CAMVID, CITYSCAPES], ids=lambda labels: labels.name)
@pytest.mark.parametrize('size', [(90, 120), (37, 131)])
def test_every_class_is_in_the_legend_and_every_panel_in_its_place(labels, size):
    height_px, width_px = size
    sheet = Triptych(labels, panel_height_px=height_px, panel_width_px=width_px)
    image, overlay = np.full((*size, 3), 77, np.uint8), np.full((*size, 3), 99, np.uint8)
    picture = sheet.compose(image, np.full(size, VOID, np.uint8), overlay)
    assert picture.shape[0] % 2 == picture.shape[1] % 2 == 0, 'as video codecs want it'
    for color in [(77, 77, 77), (0, 0, 0), (99, 99, 99)]:
        assert (picture == color).all(2).sum() >= height_px * width_px
    for color in labels.colors:
        assert (picture == color).all(2).any(), color


def test_frames_of_another_shape_keep_their_proportions():
    sheet = Triptych(CAMVID, panel_height_px=90, panel_width_px=120)
    upright = np.full((180, 60, 3), 77, np.uint8)
    blank = np.full((180, 60, 3), PAPER, np.uint8)
    picture = sheet.compose(upright, np.zeros((180, 60), np.uint8), blank)
    rows, columns = np.nonzero((picture == 77).all(2))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (90, 30)
    assert picture.shape == sheet.compose(blank, np.zeros((9, 9), np.uint8), blank).shape
