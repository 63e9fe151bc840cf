"""Predictions on disk."""

import cv2
import numpy as np
import pytest

from csrnet_ros.training.datasets import camvid, cityscapes
from csrnet_ros.training.predictions import PredictionFolder


def test_cityscapes_predictions_are_label_ids_under_the_images_names(tmp_path, make_cityscapes):
    data = cityscapes(make_cityscapes(tmp_path / 'data'), 'val')
    predicted = np.arange(19, dtype=np.uint8)[None].repeat(3, 0)
    PredictionFolder(data, tmp_path / 'out').write(1, predicted)
    (path,) = (tmp_path / 'out').iterdir()
    # The test server wants CITY_SEQUENCE_FRAME*.png.
    assert path.name == 'ulm_000000_000019_leftImg8bit.png'
    written = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    expected = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert written.tolist() == [expected] * 3


def test_other_predictions_are_class_ids(tmp_path, small_camvid):
    data = camvid(small_camvid, 'val')
    PredictionFolder(data, tmp_path / 'out').write(0, np.array([[0, 10]], np.uint8))
    written = cv2.imread(str(tmp_path / 'out' / 'val_000.png'), cv2.IMREAD_UNCHANGED)
    assert written.tolist() == [[0, 10]]


def test_two_images_of_one_name_have_no_place(tmp_path, small_camvid):
    for kind in ('', 'annot'):
        (small_camvid / f'val{kind}' / 'val_000.png').rename(
            small_camvid / f'val{kind}' / 'train_000.png'
        )
    (small_camvid / 'val.txt').write_text('train_000.png\n')
    with pytest.raises(ValueError, match='two images called train_000'):
        PredictionFolder(camvid(small_camvid, 'trainval'), tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
