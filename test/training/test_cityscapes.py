"""Cityscapes through torchvision."""

import numpy as np
import pytest
from torchvision.datasets import Cityscapes

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CITYSCAPES, VOID
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.datasets import cityscapes
from csrnet_ros.training.datasets.cityscapes import LABEL_IDS, TRAIN_IDS


@pytest.fixture
def root(tmp_path, make_cityscapes):
    return make_cityscapes(tmp_path / 'Cityscapes')


def test_our_table_is_torchvisions():
    rows = {row.train_id: row for row in Cityscapes.classes if 0 <= row.train_id != VOID}
    assert tuple(rows[id_].name for id_ in range(19)) == CITYSCAPES.classes
    assert tuple(rows[id_].color for id_ in range(19)) == CITYSCAPES.colors
    assert tuple(rows[id_].id for id_ in range(19)) == LABEL_IDS
    assert {row.id: row.train_id for row in Cityscapes.classes if row.id >= 0} == TRAIN_IDS


def test_label_ids_become_train_ids(root):
    data = cityscapes(root, 'val')
    check_dataset(data)
    assert (data.name, data.labels, len(data)) == ('Cityscapes val', CITYSCAPES, 2)
    image, label = data.read(0)
    assert image.shape == (64, 128, 3)
    expected = [VOID] * 34
    for row in Cityscapes.classes[:-1]:
        expected[row.id] = row.train_id
    np.testing.assert_array_equal(label[:34, 0], expected)
    assert set(np.unique(label)) == {*range(19), VOID}


def test_cities_come_in_their_order(root):
    names = [pair.image.name for pair in cityscapes(root, 'trainval').pairs]
    assert (
        names == ['aachen_000000_000019_leftImg8bit.png', 'ulm_000000_000019_leftImg8bit.png'] * 2
    )


def test_what_is_missing_is_explained(root, tmp_path):
    with pytest.raises(DatasetError, match=r'leftImg8bit/test/CITY/.*gtFine/test/CITY/'):
        cityscapes(root, 'test')
    with pytest.raises(DatasetError, match='not the root of Cityscapes'):
        cityscapes(tmp_path, 'val')
    with pytest.raises(ValueError, match='choose from train, val, test, trainval'):
        cityscapes(root, 'all')
