"""Writing images and videos: whole, or not at all."""

import cv2
import numpy as np
import pytest

from csrnet_ros.media.saving import VideoFile, save_image

IMAGE = np.random.default_rng(0).integers(0, 255, (65, 97, 3), np.uint8)


def test_labels_are_saved_as_a_single_channel(tmp_path):
    save_image(tmp_path / 'labels.png', IMAGE[..., 0])
    read = cv2.imread(str(tmp_path / 'labels.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, IMAGE[..., 0])
    assert [path.name for path in tmp_path.iterdir()] == ['labels.png']


def test_a_video_of_odd_size_can_be_opened_and_has_all_frames(tmp_path):
    with VideoFile(tmp_path / 'v.mp4', rate_hz=10) as video:
        for _ in range(7):
            video.write(IMAGE)
    capture = cv2.VideoCapture(str(tmp_path / 'v.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 7
    assert capture.get(cv2.CAP_PROP_FPS) == 10
    assert capture.read()[0]
    assert [path.name for path in tmp_path.iterdir()] == ['v.mp4']


def write_and_fail(path) -> None:
    with VideoFile(path, rate_hz=10) as video:
        video.write(IMAGE)
        raise KeyError('on the way')


def test_an_interrupted_video_leaves_the_old_one(tmp_path):
    path = tmp_path / 'v.mp4'
    path.write_bytes(b'old')
    with pytest.raises(KeyError, match='on the way'):
        write_and_fail(path)
    assert path.read_bytes() == b'old'
    assert [path.name for path in tmp_path.iterdir()] == ['v.mp4']


def test_a_video_without_frames_is_no_file(tmp_path):
    with VideoFile(tmp_path / 'v.mp4', rate_hz=10):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match='no video of 97x65 pixels can be written'):
        VideoFile(tmp_path / 'no' / 'v.mp4', rate_hz=10).write(IMAGE)
    with pytest.raises(OSError, match='No such file'):
        save_image(tmp_path / 'no' / 'a.png', IMAGE)
