"""Reading frames: files, folders, videos, and what cannot be read."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from csrnet_ros.errors import ImageError
from csrnet_ros.media.frames import Webcam, open_frames, read_image
from csrnet_ros.media.saving import VideoFile, save_image
from csrnet_ros.training.datasets.street import draw_street


def picture(number: int) -> np.ndarray:
    """Return an image, RGB (64, 96, 3), that differs from others and in its channels."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, :48] = 40 * number, 200, 255 - 40 * number
    return image


def street(number: int) -> np.ndarray:
    """Return a drawn street, RGB (120, 160, 3)."""
    return draw_street(number, height_px=120, width_px=160)[0]


def read(source: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the frames of a source by name, and what was said of unreadable ones."""
    faults: list[ImageError] = []
    frames = open_frames(source).frames(unreadable=faults.append)
    return {frame.name: frame.image for frame in frames}, [str(fault) for fault in faults]


def test_an_image_comes_back_in_rgb(tmp_path):
    save_image(tmp_path / 'one.png', picture(1))
    frames, faults = read(str(tmp_path / 'one.png'))
    assert list(frames) == ['one']
    assert not faults
    np.testing.assert_array_equal(frames['one'], picture(1))


def test_a_folder_gives_its_images_by_name_and_nothing_else(tmp_path):
    for name in ('b.png', 'a.bmp', 'c.PNG'):
        save_image(tmp_path / name, picture(1))
    (tmp_path / 'notes.txt').write_text('no image')
    (tmp_path / 'd.png').mkdir()
    source = open_frames(str(tmp_path))
    assert (source.length, source.live, source.rate_hz) == (3, False, None)
    assert list(read(str(tmp_path))[0]) == ['a', 'b', 'c']


def test_an_unreadable_image_is_named_and_the_rest_still_comes(tmp_path):
    save_image(tmp_path / 'a.png', picture(1))
    whole = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'b.png').write_bytes(b'not a picture')
    (tmp_path / 'c.png').write_bytes(b'')
    (tmp_path / 'd.png').write_bytes(whole)
    frames, faults = read(str(tmp_path))
    assert list(frames) == ['a', 'd']
    assert [name in fault for name, fault in zip('bc', faults, strict=True)] == [True, True]
    assert str(tmp_path / 'b.png') in faults[0]


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.webp', '.tif', '.bmp', '.ppm'])
@pytest.mark.parametrize('share', [0.5, 0.9])
def test_half_an_image_is_none(tmp_path, suffix, share):
    path = tmp_path / f'a{suffix}'
    save_image(path, street(1))
    whole = path.read_bytes()
    assert read_image(path).shape == (120, 160, 3)
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ImageError, match=f'{path}: not a readable image'):
        read_image(path)


def test_half_a_progressive_jpeg_is_no_image(tmp_path):
    path = tmp_path / 'a.jpg'
    cv2.imwrite(str(path), street(1), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ImageError, match=f'{path}: not a readable image'):
        read_image(path)


def test_a_photograph_is_turned_upright_as_it_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation
    Image.fromarray(street(1)).save(tmp_path / 'a.jpg', exif=exif)
    assert read_image(tmp_path / 'a.jpg').shape == (160, 120, 3)


def test_a_file_that_the_system_does_not_let_read_is_named():
    with pytest.raises(ImageError, match='^/proc/self/mem: not a readable image'):
        read_image(Path('/proc/self/mem'))


@pytest.mark.parametrize('read', [open_frames, lambda name: read_image(Path(name))])
def test_a_name_that_is_too_long_is_that_of_no_image(read):
    name = 'a' * 300 + '.png'
    with pytest.raises(ImageError, match=rf'^{name}: .*\(File name too long\)'):
        read(name)


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder with an image that nobody may list; root, who always may, is somebody else."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:  # not tmp_path, which others cannot even reach
        folder = Path(name)
        save_image(folder / 'a.png', picture(1))
        folder.chmod(0o111)
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        folder.chmod(0o700)


def test_a_folder_that_may_not_be_listed_is_named(locked):
    with pytest.raises(ImageError, match=rf'^{locked}: cannot be read \(Permission denied\)'):
        open_frames(str(locked))


def test_a_video_gives_every_frame_in_order(tmp_path):
    path = tmp_path / 'drive.mp4'
    with VideoFile(path, rate_hz=12.5) as video:
        for number in range(6):
            video.write(picture(number))
    source = open_frames(str(path))
    assert (source.length, source.live, source.rate_hz) == (6, False, 12.5)
    frames, _ = read(str(path))
    assert list(frames) == [f'drive_{number:06d}' for number in range(6)]
    for number, image in enumerate(frames.values()):
        error = np.abs(image[8:56, 8:40].astype(int) - picture(number)[8:56, 8:40])
        assert error.mean() < 8, 'lossy, but the same picture in the same channels'


def test_a_source_can_be_read_twice(tmp_path):
    with VideoFile(tmp_path / 'v.mp4', rate_hz=5) as video:
        video.write(picture(1))
    source = open_frames(str(tmp_path / 'v.mp4'))
    counts = [len(list(source.frames(unreadable=pytest.fail))) for _ in range(2)]
    assert counts == [1, 1]


def test_a_number_is_a_webcam_unless_a_file_has_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_frames('7') == Webcam(7)
    assert open_frames('7').live
    (tmp_path / '7').mkdir()
    save_image(tmp_path / '7' / 'a.png', picture(1))
    assert open_frames('7').length == 1


def test_a_webcam_that_is_not_there():
    with pytest.raises(ImageError, match='no webcam 87 can be opened'):
        next(open_frames('87').frames(unreadable=pytest.fail))


def test_what_is_not_there_or_empty(tmp_path):
    with pytest.raises(ImageError, match='nowhere.*no such file'):
        open_frames(str(tmp_path / 'nowhere'))
    with pytest.raises(ImageError, match='no images in this folder'):
        open_frames(str(tmp_path))


@pytest.mark.parametrize('content', [b'', b'no video at all', bytes(5000)])
def test_a_broken_video(tmp_path, content):
    path = tmp_path / 'broken.mp4'
    path.write_bytes(content)
    with pytest.raises(ImageError, match='broken.mp4: neither an image nor a video'):
        open_frames(str(path))


def test_a_gray_image_and_one_with_transparency_come_as_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / 'gray.png'), np.full((64, 64), 90, np.uint8))
    cv2.imwrite(str(tmp_path / 'clear.png'), np.full((64, 64, 4), 90, np.uint8))
    frames, _ = read(str(tmp_path))
    assert {image.shape for image in frames.values()} == {(64, 64, 3)}
