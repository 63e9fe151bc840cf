"""Class tables."""

import numpy as np
import pytest

from csrnet_ros.labels import CAMVID, CITYSCAPES, VOID, LabelSet


def test_the_known_sets():
    assert (len(CAMVID), len(CITYSCAPES)) == (11, 19)
    assert CAMVID.index('road') == 3
    assert CITYSCAPES.index('car') == 13
    for labels in (CAMVID, CITYSCAPES):
        assert len(set(labels.colors)) == len(labels), 'two classes share a colour'


def test_palette_colours_labels_and_leaves_void_black():
    colored = CAMVID.palette[np.array([[3, VOID]], np.uint8)]
    assert colored.tolist() == [[[128, 64, 128], [0, 0, 0]]]


def test_an_unknown_class_lists_the_known_ones():
    with pytest.raises(ValueError, match="'boat'.*sky, building, pole"):
        CAMVID.index('boat')


@pytest.mark.parametrize(
    ('classes', 'colors'),
    [
        (('one',), ((0, 0, 0),)),
        (('a', 'b'), ((0, 0, 0),)),
        (('a', 'a'), ((0, 0, 0), (1, 1, 1))),
        (('a', 'b'), ((0, 0, 0), (1, 1, 256))),
        (tuple(map(str, range(256))), ((0, 0, 0),) * 256),
    ],
)
def test_impossible_sets_are_refused(classes, colors):
    with pytest.raises(ValueError, match='bad'):
        LabelSet('bad', classes, colors)
