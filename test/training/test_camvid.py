"""CamVid from its SegNet layout on disk."""

import cv2
import numpy as np
import pytest

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID
from csrnet_ros.training.datasets import camvid


def test_splits_and_pairs(small_camvid):
    sizes = {split: len(camvid(small_camvid, split)) for split in ('train', 'val', 'test')}
    assert sizes == {'train': 4, 'val': 2, 'test': 2}
    both = camvid(small_camvid, 'trainval')
    assert len(both) == 6
    assert all(pair.image.stem == pair.label.stem for pair in both.pairs)
    assert {pair.image.suffix for pair in both.pairs} == {'.png', '.jpg'}


def test_reading_gives_rgb_and_train_ids(small_camvid):
    data = camvid(small_camvid, 'test')
    image, label = data.read(0)
    assert (image.shape, image.dtype) == ((96, 128, 3), np.uint8)
    assert (label.shape, label.dtype) == ((96, 128), np.uint8)
    stored = cv2.imread(str(data.pairs[0].label), cv2.IMREAD_UNCHANGED)
    assert (stored == 11).any()
    np.testing.assert_array_equal(label, np.where(stored == 11, VOID, stored))
    bgr = cv2.imread(str(data.pairs[0].image))
    np.testing.assert_array_equal(image, bgr[..., ::-1])


def test_an_unknown_split_lists_the_known_ones(small_camvid):
    with pytest.raises(ValueError, match="'all'.*train, val, test, trainval"):
        camvid(small_camvid, 'all')


def test_a_folder_without_lists(tmp_path):
    with pytest.raises(DatasetError, match='test.txt: no such file'):
        camvid(tmp_path, 'test')


def test_faulty_files_are_named(small_camvid):
    data = camvid(small_camvid, 'test')
    data.pairs[0].image.write_bytes(b'no image')
    with pytest.raises(DatasetError, match='not a readable image'):
        data.read(0)
    path = data.pairs[1].label
    for faulty, words in [
        (np.zeros((5, 6), np.uint8), '5x6 pixels'),
        (np.zeros((96, 128, 3), np.uint8), 'single-channel'),
        (np.full((96, 128), 12, np.uint8), 'values 12 stand for no class'),
    ]:
        cv2.imwrite(str(path), faulty)
        with pytest.raises(DatasetError, match=words) as caught:
            data.read(1)
        assert str(path) in str(caught.value)


def test_two_images_of_one_name_are_refused(small_camvid):
    image = next((small_camvid / 'test').iterdir())
    image.with_suffix('.bmp').write_bytes(b'')
    with pytest.raises(DatasetError, match='endings alone'):
        camvid(small_camvid, 'test')


def test_the_real_set(camvid_root):
    sizes = {split: len(camvid(camvid_root, split)) for split in ('train', 'val', 'test')}
    assert sizes == {'train': 367, 'val': 101, 'test': 233}
    image, label = camvid(camvid_root, 'test').read(0)
    assert image.shape == (360, 480, 3)
    assert set(np.unique(label)) <= {*range(11), VOID}
