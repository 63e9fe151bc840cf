"""CamVid as its authors give it, and the two traditions of its labels."""

import numpy as np
import pytest

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CAMVID, CAMVID_EXACT, VOID
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.datasets.camvid_original import ORIGINAL


@pytest.fixture
def root(tmp_path, make_original_camvid):
    return make_original_camvid(tmp_path / 'CamVid')


def read(root, tradition, split='test'):
    data = DATASETS[f'camvid-original-{tradition}'](root, split)
    check_dataset(data)
    return data, data.read(0)[1]


def test_the_table_has_32_colours_and_11_merged_classes():
    assert len({name for name, _, _ in ORIGINAL}) == 32
    assert len({color for _, color, _ in ORIGINAL}) == 32
    assert {merged for _, _, merged in ORIGINAL} == {*CAMVID.classes, None}


def test_segnet_merges_all_but_void(root):
    data, label = read(root, 'segnet')
    assert data.name == 'CamVid 960x720 test, SegNet labels'
    assert data.labels == CAMVID
    stripes = {name: label[0, 4 * column] for column, (name, _, _) in enumerate(ORIGINAL)}
    assert [name for name, value in stripes.items() if value == VOID] == ['Void']
    for name, expected in [
        ('LaneMkgsDriv', 'road'),
        ('SUVPickupTruck', 'car'),
        ('Child', 'pedestrian'),
        ('RoadShoulder', 'pavement'),
        ('MotorcycleScooter', 'bicyclist'),
        ('TrafficLight', 'sign'),
    ]:
        assert CAMVID.classes[stripes[name]] == expected


def test_exact_takes_11_colours_and_ignores_21(root):
    data, label = read(root, 'exact')
    assert data.name == 'CamVid 960x720 test, exact labels'
    assert data.labels == CAMVID_EXACT != CAMVID
    stripes = {name: label[0, 4 * column] for column, (name, _, _) in enumerate(ORIGINAL)}
    own = {name: CAMVID.classes[value] for name, value in stripes.items() if value != VOID}
    assert own == {
        'Sky': 'sky', 'Building': 'building', 'Column_Pole': 'pole', 'Road': 'road',
        'Sidewalk': 'pavement', 'Tree': 'tree', 'SignSymbol': 'sign', 'Fence': 'fence',
        'Car': 'car', 'Pedestrian': 'pedestrian', 'Bicyclist': 'bicyclist',
    }  # fmt: skip


def test_every_stripe_is_as_wide_as_drawn(root):
    _, label = read(root, 'segnet')
    np.testing.assert_array_equal(label, label[:1, ::4].repeat(4, 1).repeat(96, 0))


def test_splits(root):
    data = DATASETS['camvid-original-exact'](root, 'trainval')
    assert [pair.label.name for pair in data.pairs] == ['0001TP_1_L.png', '0016E5_2_L.png']


def test_missing_lists_and_folders_are_explained(root, tmp_path):
    (root / 'test.txt').unlink()
    with pytest.raises(DatasetError, match='no split of its own.*367, 101 and 233'):
        DATASETS['camvid-original-segnet'](root, 'test')
    with pytest.raises(DatasetError, match='701_StillsRaw_full: no such folder'):
        DATASETS['camvid-original-segnet'](tmp_path, 'test')
