"""The picture of a confusion matrix."""

import numpy as np
import pytest

from csrnet_ros.labels import CAMVID, CITYSCAPES, LabelSet, distinct_colors
from csrnet_ros.media.confusion import CELL_PX, FULL, GAP_PX, SMALL_CELL_PX, draw_confusion
from csrnet_ros.media.paper import PAPER

MANY = LabelSet('many', tuple(f'class {i}' for i in range(255)), distinct_colors(255))


def cells(picture, labels, cell):
    """Return the colour near a corner of each cell, where no number stands, (rows, columns, 3)."""
    side = len(labels) * cell
    top, left = picture.shape[0] - GAP_PX - side, picture.shape[1] - GAP_PX - side
    return picture[top + 3 :: cell, left + 3 :: cell][: len(labels), : len(labels)]


@pytest.mark.parametrize(
    ('labels', 'cell'), [(CAMVID, CELL_PX), (CITYSCAPES, CELL_PX), (MANY, SMALL_CELL_PX)]
)
def test_cells_are_as_dark_as_their_share_of_the_row(labels, cell):
    counts = np.diag(np.full(len(labels), 1000))
    counts[1, :2] = 500  # half of the second class is taken for the first
    counts[2] = 0
    drawn = cells(draw_confusion(counts, labels, title='short'), labels, cell).astype(int)
    half = (np.array(FULL) + PAPER) / 2
    assert (drawn[0, 0] == FULL).all()
    assert (drawn[0, 1:] == PAPER).all()
    assert np.abs(drawn[1, :2] - half).max() <= 1
    assert (drawn[2] == PAPER).all()
    assert (drawn[3, 3] == FULL).all()


def test_a_long_title_fits():
    counts = np.zeros((11, 11), int)
    narrow = draw_confusion(counts, CAMVID, title='short')
    wide = draw_confusion(counts, CAMVID, title='a title much longer than the matrix ' * 5)
    assert wide.shape[1] > narrow.shape[1]
    assert (wide[:, -GAP_PX:] == PAPER).all()
