"""The check of a whole data set, its memory, and what it says of wrong ids."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CITYSCAPES, VOID, LabelSet, distinct_colors
from csrnet_ros.training.check import ORIENTATION, check_dataset
from csrnet_ros.training.datasets import camvid, camvid_original_segnet, cityscapes
from csrnet_ros.training.datasets.masks import MaskCode, color_value, index_code
from csrnet_ros.training.datasets.wrong_ids import unseen


class Watched:
    """Passes indices through and remembers them."""

    def __init__(self):
        self.seen = []

    def __call__(self, indices):
        for index in indices:
            self.seen.append(index)
            yield index


def checked(data):
    """Check a data set and return the indices that were looked into."""
    watch = Watched()
    check_dataset(data, watch=watch)
    return watch.seen


def fault(data):
    with pytest.raises(DatasetError) as caught:
        check_dataset(data)
    return str(caught.value)


def relabel(data, *values):
    """Replace the labels of all pairs by stripes of these values; return the data set."""
    for pair in data.pairs:
        height, width = cv2.imread(str(pair.image)).shape[:2]
        stripes = np.resize(np.array(values, np.uint8), height)
        label = stripes[:, None].repeat(width, 1)
        cv2.imwrite(str(pair.label), label)
    return data


def test_what_was_in_order_is_not_read_again_until_it_changes(small_camvid):
    data = camvid(small_camvid, 'train')
    assert checked(data) == [0, 1, 2, 3]
    assert checked(data) == []
    os.utime(data.pairs[2].label, ns=(1, 1))
    assert checked(data) == [2]
    with data.pairs[1].image.open('ab') as file:
        file.write(b'!')
    assert checked(data) == [1]
    assert checked(replace(data, code=index_code(20, void=(VOID,)))) == [0, 1, 2, 3]


def test_what_was_faulty_is_read_again(small_camvid):
    data = camvid(small_camvid, 'train')
    good = data.pairs[3].label.read_bytes()
    data.pairs[3].label.write_bytes(good[:40])
    assert str(data.pairs[3].label) in fault(data)
    assert str(data.pairs[3].label) in fault(data)
    data.pairs[3].label.write_bytes(good)
    assert checked(data) == [3]


@pytest.mark.parametrize('content', [b'', b'{"a": ', b'[1, 2]', b'\xff\xfe'])
def test_a_damaged_memory_is_as_none(small_camvid, tmp_path, monkeypatch, content):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    data = camvid(small_camvid, 'val')
    checked(data)
    (memory,) = (tmp_path / 'cache').rglob('checked-*')
    memory.write_bytes(content)
    assert checked(data) == [0, 1]


def test_without_a_place_for_the_memory(small_camvid, tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    data = camvid(small_camvid, 'val')
    assert checked(data) == checked(data) == [0, 1]


def test_all_faults_are_named_at_once(small_camvid):
    data = camvid(small_camvid, 'train')
    first, second, third, fourth = data.pairs
    first.image.unlink()
    first.label.unlink()
    jpeg = second.image.read_bytes()
    second.image.write_bytes(jpeg[: len(jpeg) // 2])
    cv2.imwrite(str(third.label), np.zeros((96, 64), np.uint8))
    cv2.imwrite(str(fourth.image), np.zeros((50, 128, 3), np.uint8))
    cv2.imwrite(str(fourth.label), np.full((50, 128), 77, np.uint8))
    message = fault(data)
    assert 'CamVid train, SegNet labels: 6 faults in 4 pairs' in message
    for words in [
        f'{first.image}: no such file',
        f'{first.label}: no such file',
        f'{second.image}: not a whole image',
        f'{third.label}: 96x64 pixels, but its image {third.image} has 96x128',
        f'{fourth.image}: 50x128 pixels; both sides must have at least 64',
        f'{fourth.label}: the values 77 stand for no class',
    ]:
        assert words in message


def test_images_of_another_size_than_most_are_named_where_that_matters(small_camvid):
    data = camvid(small_camvid, 'train')
    for pair in data.pairs[:1]:
        for path in (pair.image, pair.label):
            cv2.imwrite(str(path), np.zeros((64, 64), np.uint8))
    assert checked(data) == [0, 1, 2, 3]
    with pytest.raises(DatasetError, match=f'1 fault .*\n  {data.pairs[0].image}: 64x64 pixels'):
        check_dataset(data, one_size=True)


@pytest.mark.parametrize('orientation', [1, 6])
def test_an_image_with_odd_notes_of_its_camera_has_its_size(small_camvid, orientation):
    data = camvid(small_camvid, 'train')
    pair = data.pairs[0]
    # Two notes: the orientation, and a resolution's unit as a fraction, where 1, 2 or 3 belongs.
    notes = struct.pack('<H', 2)
    notes += struct.pack('<HHIHxx', ORIENTATION, 3, 1, orientation)
    notes += struct.pack('<HHII', 0x0128, 5, 1, 38) + bytes(4)
    exif = b'Exif\0\0II*\0' + struct.pack('<I', 8) + notes + struct.pack('<II', 5, 2)
    with Image.open(pair.image) as image:
        image.save(pair.image, exif=exif)
    if orientation == 1:
        assert checked(data) == [0, 1, 2, 3]
    else:
        assert f'{pair.label}: 96x128 pixels, but its image {pair.image} has 128x96' in fault(data)


def test_classes_that_no_label_holds_are_told(small_camvid):
    data = replace(camvid(small_camvid, 'train'), code=index_code(11, void=(VOID,)))
    assert unseen(data, check_dataset(relabel(data, *range(11), VOID))) == ''
    found = unseen(data, check_dataset(relabel(data, 0, VOID)))
    assert 'no label holds, and so a network cannot learn: building, pole, ' in found
    assert 'the values 255 stand for void' in found
    with pytest.raises(DatasetError, match='no label holds any class; the values 255 stand'):
        unseen(data, check_dataset(relabel(data, VOID)))


def test_a_long_list_of_faults_goes_into_a_file(tmp_path, make_camvid):
    data = camvid(make_camvid(tmp_path / 'CamVid', train=23), 'train')
    for pair in data.pairs:
        pair.label.unlink()
    message = fault(data)
    assert '23 faults in 23 pairs' in message
    assert 'and 3 more; all of them are listed in ' in message
    assert message.count('no such file') == 20
    listed = Path(message.split('listed in ')[1]).read_text()
    assert all(str(pair.label) in listed for pair in data.pairs)


def test_labels_must_not_be_jpeg(small_camvid):
    data = camvid(small_camvid, 'train')
    pairs = tuple(replace(pair, label=pair.image) for pair in data.pairs)
    assert 'a JPEG, which alters values' in fault(replace(data, pairs=pairs))


def test_label_ids_given_as_train_ids(small_camvid):
    data = camvid(small_camvid, 'train')
    data = replace(data, labels=CITYSCAPES, code=index_code(19, void=(VOID,)))
    message = fault(relabel(data, *range(34)))
    assert 'the values 19, 20, 21, 22, 23, 24, 25, 26 and 7 more stand for no class' in message
    assert 'look like Cityscapes labelIds (0 to 33) where trainIds (0 to 18)' in message
    assert checked(relabel(data, *range(19), 255)) == [0, 1, 2, 3]


@pytest.mark.parametrize('values', [(0, 2, 8, 10, 13, 255), (0, 2, 8, 10, 13)])
def test_train_ids_given_as_label_ids(tmp_path, make_cityscapes, values):
    data = cityscapes(make_cityscapes(tmp_path), 'val')
    assert 'look like Cityscapes trainIds' in fault(relabel(data, *values))


def test_the_void_labels_of_cityscapes_test_are_in_order(tmp_path, make_cityscapes):
    data = cityscapes(make_cityscapes(tmp_path, splits=('test',)), 'test')
    assert checked(relabel(data, 0, 1, 2, 3)) == [0, 1]


@pytest.mark.parametrize(
    ('void', 'values', 'words'),
    [
        ((11,), range(32), "CamVid's 32 original classes where 11 are expected"),
        ((255,), range(1, 12), 'count from 1'),
        ((255,), range(12), 'one id more than the 11 classes: if 11 is void'),
        ((11,), (0, 5, 255), '255 commonly is void'),
    ],
)
def test_other_numberings_are_recognised(small_camvid, void, values, words):
    data = replace(camvid(small_camvid, 'train'), code=index_code(11, void=void))
    assert words in fault(relabel(data, *values))


@pytest.mark.parametrize(
    ('count', 'values', 'words'),
    [
        (34, range(18), ''),  # nothing is wrong, though trainIds would look so
        (19, range(1, 20), 'count from 1'),
        (11, (0, 11, 12), 'stand for no class'),
    ],
)
def test_data_of_ones_own_are_not_taken_for_others(small_camvid, count, values, words):
    classes = tuple(f'class{number}' for number in range(count))
    labels = LabelSet('own', classes, distinct_colors(count))
    data = replace(camvid(small_camvid, 'train'), labels=labels, code=index_code(count, void=()))
    relabel(data, *values)
    if not words:
        assert checked(data) == [0, 1, 2, 3]
        return
    message = fault(data)
    assert words in message
    assert 'look like' not in message


def test_ids_that_nobody_uses_are_not_explained(small_camvid):
    assert fault(relabel(camvid(small_camvid, 'val'), 0, 200)).splitlines()[-1].endswith('void')


def test_red_and_blue_exchanged(tmp_path, make_original_camvid):
    data = camvid_original_segnet(make_original_camvid(tmp_path), 'test')
    for color, words in [((0, 192, 64), 'red and blue exchanged'), ((1, 2, 3), '(1, 2, 3)')]:
        stored = np.full((96, 128, 3), color[::-1], np.uint8)
        cv2.imwrite(str(data.pairs[0].label), stored)
        assert words in fault(data)


def test_every_colour_has_a_value_of_its_own():
    assert color_value((1, 2, 3)) == 0x010203
    code = MaskCode({0xFFFFFF: 0, 0: 1}, color=True)
    assert code.labels(np.array([[0xFFFFFF, 0]], np.int32)).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match=r'the colours \(255, 255, 254\) stand for no class'):
        code.labels(np.array([[0xFFFFFE]], np.int32))
