"""Videos of which a part is missing, and whole ones that could be taken for such."""

import struct
from functools import cache

import cv2
import numpy as np
import pytest

from csrnet_ros.media.containers import SEGMENT
from csrnet_ros.media.frames import open_frames
from csrnet_ros.training.datasets.street import draw_street

FORMATS = {'film.mp4': 'mp4v', 'film.avi': 'MJPG', 'film.mkv': 'MJPG'}
FRAMES = 20


@cache
def street(number):
    image, _ = draw_street(number, seed=2, height_px=120, width_px=160)
    return np.ascontiguousarray(image[..., ::-1])


def film(path, codec, *, frames=FRAMES, rate_hz=30.0):
    """Write a video and return its bytes."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate_hz, (160, 120))
    for number in range(frames):
        writer.write(street(number))
    writer.release()
    return path.read_bytes()


def read(path):
    """Return the numbers of a video's frames, and what was said to be missing."""
    faults = []
    names = [frame.name for frame in open_frames(str(path)).frames(unreadable=faults.append)]
    return [int(name.rsplit('_', 1)[1]) for name in names], [str(fault) for fault in faults]


def test_behind_frames_that_cannot_be_read_a_video_goes_on(tmp_path):
    path = tmp_path / 'film.mp4'
    data = film(path, 'mp4v')
    begin, end = data.find(b'mdat') + 4, data.find(b'moov')
    middle = begin + (end - begin) // 2
    path.write_bytes(data[:middle] + bytes(2500) + data[middle + 2500 :])
    numbers, faults = read(path)
    lost = sorted(set(range(FRAMES)) - set(numbers))
    assert numbers[-1] == FRAMES - 1
    assert len(lost) == 2
    assert faults == [f'{path}: frames {lost[0]} to {lost[1]} cannot be read; the file is damaged']


def test_a_video_whose_first_frame_is_damaged_still_has_the_others(tmp_path):
    path = tmp_path / 'film.mp4'
    data = film(path, 'mp4v')
    begin = data.find(b'mdat') + 4
    path.write_bytes(data[:begin] + bytes(1000) + data[begin + 1000 :])
    numbers, faults = read(path)
    assert numbers == list(range(1, FRAMES))
    assert faults == [f'{path}: frame 0 cannot be read; the file is damaged']


@pytest.mark.parametrize('name', ['film.avi', 'film.mkv'])
@pytest.mark.parametrize('share', [0.3, 0.5, 0.9])
def test_a_video_that_is_cut_off_says_so(tmp_path, name, share):
    path = tmp_path / name
    data = film(path, FORMATS[name])
    path.write_bytes(data[: int(share * len(data))])
    numbers, faults = read(path)
    assert numbers == list(range(len(numbers)))
    assert 0 < len(numbers) < FRAMES
    assert len(faults) == 1
    assert f'{path}: damaged or cut off' in faults[0]


@pytest.mark.parametrize(('name', 'part'), [('film.avi', b'00dc'), ('film.mkv', b'\xa3')])
def test_a_video_that_is_cut_off_between_two_parts_says_so(tmp_path, name, part):
    path = tmp_path / name
    data = film(path, FORMATS[name])
    images = [at for at in range(len(data)) if data[at : at + 2] == b'\xff\xd8']
    cut = data.rfind(part, 0, images[FRAMES // 2])
    path.write_bytes(data[:cut])
    numbers, faults = read(path)
    assert numbers == list(range(FRAMES // 2))
    assert faults == [
        f'{path}: damaged or cut off, from the part of the file that begins at byte {cut} on; '
        'frames may be missing'
    ]


@pytest.mark.parametrize('name', ['film.avi', 'film.mkv'])
def test_frames_that_vanish_without_a_trace_are_told(tmp_path, name):
    path = tmp_path / name
    data = film(path, FORMATS[name])
    middle = len(data) // 2
    path.write_bytes(data[:middle] + bytes(9000) + data[middle + 9000 :])
    numbers, faults = read(path)
    assert len(numbers) < FRAMES
    assert f'{path}: damaged or cut off' in faults[-1]


def boxes_swapped(data):
    """Return an MP4 whose index stands before its frames, as those for the web have it."""
    begin, index = data.find(b'mdat') - 4, data.find(b'moov') - 4
    moved, at = bytearray(data[index:]), 0
    while (at := moved.find(b'stco', at + 1)) > 0:
        count = struct.unpack_from('>I', moved, at + 8)[0]
        places = struct.unpack_from(f'>{count}I', moved, at + 12)
        struct.pack_into(f'>{count}I', moved, at + 12, *(place + len(moved) for place in places))
    return data[:begin] + bytes(moved) + data[begin:index]


def test_an_mp4_whose_index_comes_first_and_whose_end_is_missing(tmp_path):
    path = tmp_path / 'film.mp4'
    data = boxes_swapped(film(path, 'mp4v'))
    path.write_bytes(data)
    assert read(path) == (list(range(FRAMES)), [])
    path.write_bytes(data[: len(data) * 2 // 3])
    numbers, faults = read(path)
    assert 0 < len(numbers) < FRAMES
    assert f'{path}: damaged or cut off' in faults[-1]


@pytest.mark.parametrize('name', FORMATS)
@pytest.mark.parametrize(
    ('frames', 'rate_hz'), [(1, 30.0), (7, 12.5), (20, 23.976), (31, 0.5), (50, 1000.0)]
)
def test_of_a_whole_video_nothing_is_missing(tmp_path, name, frames, rate_hz):
    path = tmp_path / name
    film(path, FORMATS[name], frames=frames, rate_hz=rate_hz)
    assert read(path) == (list(range(frames)), [])


def test_a_file_may_count_frames_that_it_does_not_have(tmp_path):
    path = tmp_path / 'film.avi'
    data = bytearray(film(path, 'MJPG'))
    struct.pack_into('<I', data, data.find(b'strh') + 8 + 32, 3 * FRAMES)
    path.write_bytes(data)
    assert open_frames(str(path)).length == 3 * FRAMES
    assert read(path) == (list(range(FRAMES)), [])


@pytest.mark.parametrize('name', FORMATS)
def test_a_camera_may_fill_the_end_of_a_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(film(path, FORMATS[name]) + bytes(5000))
    assert read(path) == (list(range(FRAMES)), [])


@pytest.mark.parametrize(
    ('name', 'part', 'unknown'),
    [('film.avi', b'RIFF', b'\xff' * 4), ('film.mkv', SEGMENT, b'\x01' + b'\xff' * 7)],
)
def test_a_recording_that_never_learned_its_length_is_no_damaged_one(
    tmp_path, name, part, unknown
):
    path = tmp_path / name
    data = bytearray(film(path, 'MJPG'))
    size_at = data.find(part) + 4
    data[size_at : size_at + len(unknown)] = unknown
    path.write_bytes(data)
    assert read(path) == (list(range(FRAMES)), [])


def test_an_avi_may_count_its_first_bytes_as_well(tmp_path):
    path = tmp_path / 'film.avi'
    data = bytearray(film(path, 'MJPG'))
    struct.pack_into('<I', data, 4, len(data))
    path.write_bytes(data)
    assert read(path) == (list(range(FRAMES)), [])
