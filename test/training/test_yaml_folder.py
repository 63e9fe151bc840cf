"""The user's own images, masks and YAML file."""

import struct
import sys
import zlib

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID, distinct_colors
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.datasets import folder

PLAIN = """
name: yard
classes:
  - name: ground
    color: [128, 64, 128]
  - name: vehicle
  - name: person
"""
MERGED = """
name: yard
masks: index
classes:
  - {name: ground, values: 7}
  - {name: vehicle, values: [3, 4]}
void: [0, 1]
size_px: [64, 160]
"""
COLORED = """
name: yard
masks: color
classes:
  - {name: ground, color: [128, 64, 128]}
  - {name: vehicle, values: [[0, 0, 142], [0, 0, 70]]}
  - {name: person, values: [9, 9, 9]}
void: [[0, 0, 0]]
"""
MANY = [f'\n- name: class {number}' for number in range(256)]


def make(root, text, mask, *, part='train', names=('a', 'b')):
    """Write a data set in which every mask is ``mask``, an array or a Pillow image."""
    for kind in ('images', 'labels'):
        (root / kind / part).mkdir(parents=True)
    mask = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
    for name in names:
        image = np.full((mask.height, mask.width, 3), (10, 20, 30), np.uint8)
        cv2.imwrite(str(root / 'images' / part / f'{name}.jpg'), image)
        mask.save(root / 'labels' / part / f'{name}.png')
    (root / 'classes.yaml').write_text(text)
    return root


def stripes(*values):
    """Return a mask with a row of stripes, each 32 pixels wide."""
    return np.array(values, np.uint8).repeat(32, 0)[None].repeat(64, 0)


def opened(root, split='train'):
    data = folder(root, split)
    check_dataset(data)
    return data


def read_stripes(data):
    return data.read(0)[1][0, 16::32].tolist()


def test_a_plain_file_of_classes(tmp_path):
    data = opened(make(tmp_path, PLAIN, stripes(0, 2, 1, 255)))
    assert (data.name, len(data)) == ('yard train', 2)
    assert data.labels.classes == ('ground', 'vehicle', 'person')
    assert data.labels.colors[0] == (128, 64, 128)
    assert read_stripes(data) == [0, 2, 1, VOID]


def test_several_values_for_a_class_and_one_size(tmp_path):
    data = opened(make(tmp_path, MERGED, stripes(7, 4, 3, 0, 1)[:, ::2]))
    image, label = data.read(0)
    assert image.shape == (64, 160, 3)
    assert label[0, 16::32].tolist() == [0, 1, 1, VOID, VOID]


def test_colour_masks(tmp_path):
    mask = stripes([0, 0, 70], [128, 64, 128], [0, 0, 142], [9, 9, 9], [0, 0, 0])
    assert read_stripes(opened(make(tmp_path, COLORED, mask))) == [1, 0, 1, 2, VOID]


def test_palette_masks_are_read_as_indices_and_as_colours(tmp_path):
    mask = Image.fromarray(stripes(0, 2, 1))
    mask.putpalette([128, 64, 128, 0, 0, 142, 9, 9, 9])
    assert mask.mode == 'P'
    assert read_stripes(opened(make(tmp_path / 'index', PLAIN, mask))) == [0, 2, 1]
    assert read_stripes(opened(make(tmp_path / 'color', COLORED, mask))) == [0, 2, 1]


def test_masks_of_one_bit(tmp_path):
    mask = Image.fromarray(stripes(0, 1, 1).astype(bool))
    assert mask.mode == '1'
    assert read_stripes(opened(make(tmp_path, PLAIN, mask))) == [0, 1, 1]


@pytest.mark.parametrize('bits', [1, 2, 4])
def test_grey_masks_of_few_bits(tmp_path, bits):
    values = [0, 1, 1] if bits == 1 else [0, 2, 1]
    root = make(tmp_path, PLAIN, stripes(*values))
    for path in (root / 'labels' / 'train').iterdir():
        path.write_bytes(grey_png(stripes(*values), bits))
    assert read_stripes(opened(root)) == values


def grey_png(mask, bits):
    """Return a PNG file with so many bits a pixel, which Pillow does not write."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))

    height, width = mask.shape
    places = np.unpackbits(mask[..., None], axis=2)[..., 8 - bits :]
    rows = np.packbits(places.reshape(height, -1), axis=1)
    lines = b''.join(b'\0' + row.tobytes() for row in rows)
    head = struct.pack('>IIBBBBB', width, height, bits, 0, 0, 0, 0)
    parts = chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(lines)) + chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + parts


def test_labels_that_are_made_smaller_stay_where_they_are(tmp_path):
    mask = np.arange(3 * 64 * 3 * 64).reshape(3 * 64, 3 * 64) % 251
    text = PLAIN + 'void: [' + ', '.join(map(str, range(3, 256))) + ']\nsize_px: [64, 64]\n'
    data = opened(make(tmp_path, text, mask.astype(np.uint8)))
    middles = mask[1::3, 1::3]
    np.testing.assert_array_equal(data.read(0)[1], np.where(middles < 3, middles, VOID))


@pytest.mark.parametrize('count', [2, 255])
def test_the_fewest_and_the_most_classes(tmp_path, count):
    text = 'name: many\nclasses:\n' + ''.join(f'- name: class {i}\n' for i in range(count))
    data = opened(make(tmp_path, text, stripes(*range(count), 255)))
    assert read_stripes(data) == [*range(count), VOID]
    assert len({*data.labels.colors, (0, 0, 0)}) == count + 1


def test_a_colour_that_is_chosen_is_no_other_class_s(tmp_path):
    rows = [{'name': 'a', 'color': list(distinct_colors(2)[1])}, {'name': 'b'}, {'name': 'c'}]
    text = yaml.safe_dump({'name': 'y', 'classes': rows})
    colors = opened(make(tmp_path, text, stripes(0, 1, 2))).labels.colors
    assert colors[0] == distinct_colors(2)[1]
    assert len(set(colors)) == 3


def test_a_list_written_on_windows(tmp_path):
    root = make(tmp_path, PLAIN, stripes(0, 1, 2))
    name = sorted((root / 'images' / 'train').iterdir())[0].name
    (root / 'train.txt').write_bytes(f'\ufeffimages\\train\\{name}\r\n'.encode())
    assert len(opened(root)) == 1
    (root / 'train.txt').write_bytes('bäume.png\n'.encode('latin-1'))
    with pytest.raises(DatasetError, match=r'train.txt: not a text in UTF-8'):
        folder(root, 'train')


def test_a_list_names_the_files_of_a_split(tmp_path):
    for kind in ('images', 'labels'):
        (tmp_path / kind).mkdir()
        for name in ('a', 'b', 'c', 'a yard', 'seq.0001'):
            cv2.imwrite(str(tmp_path / kind / f'{name}.png'), np.zeros((64, 64), np.uint8))
    file = tmp_path / 'mine.yaml'
    file.write_text(PLAIN)
    (tmp_path / 'val.txt').write_text('c.png other/c.png\na\na yard.png\nseq.0001\n')
    (tmp_path / 'train.txt').write_text('b.jpg\n')
    names = [pair.image.stem for pair in opened(file, 'val').pairs]
    assert names == ['c', 'a', 'a yard', 'seq.0001']
    assert len(opened(file, 'trainval')) == 5
    with pytest.raises(DatasetError, match="no files of the split 'test'"):
        folder(file, 'test')


def test_a_list_chooses_among_the_files_of_a_folder(tmp_path):
    make(tmp_path, PLAIN, stripes(0, 1), names=('a', 'b', 'c'))
    (tmp_path / 'train.txt').write_text('c\na\n')
    assert [pair.label.stem for pair in opened(tmp_path).pairs] == ['c', 'a']


def test_an_image_without_mask_and_a_mask_without_image(tmp_path):
    make(tmp_path, PLAIN, stripes(0, 1), names=('a', 'b', 'c'))
    (tmp_path / 'images' / 'train' / 'a.jpg').unlink()
    (tmp_path / 'labels' / 'train' / 'c.png').unlink()
    with pytest.raises(DatasetError, match='2 faults in 3 pairs') as caught:
        opened(tmp_path)
    assert 'its labels are ' + str(tmp_path / 'labels' / 'train' / 'a.png') in str(caught.value)
    assert str(tmp_path / 'labels' / 'train' / 'c.png') + ': no such file' in str(caught.value)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('name: [', 'not a YAML file'),
        ('- 3', 'expected keys and values'),
        ('name: x', 'the file lacks classes'),
        ('name: x\nclass: []\nclasses: []', 'unknown keys: class; known are name, masks'),
        ('name: x\nclasses: [{name: a}]', '1 classes; 2 to 255'),
        (f'name: x\nclasses:{"".join(MANY)}', '256 classes; 2 to 255'),
        ('name: x\nclasses: [{name: a}, {name: a}]', 'names must differ'),
        ('name: x\nclasses:\n- name: a\n  name: b\n- name: c', "'name' is given twice"),
        ('name: x\nclasses: [{name: a}, {colour: 3}]', 'class 1 has unknown keys: colour'),
        ('name: x\nclasses: [{name: a}, {name: no}]', 'False is not a text; put it in quotes'),
        ('name: x\nclasses: [{name: a}, {name: b, values: 0}]', 'value 0 stands for two'),
        ('name: x\nclasses: [{name: a}, {name: b, values: 256}]', '256 is not a number from 0'),
        ('name: x\nclasses: [{name: a, color: red}, {name: b}]', "'red' is not a colour"),
        ('name: x\nmasks: color\nclasses: [{name: a}, {name: b}]', 'neither color nor values'),
        ('name: x\nmasks: rgb\nclasses: [{name: a}, {name: b}]', 'choose index or color'),
        ('name: x\nsize_px: 9\nclasses: [{name: a}, {name: b}]', r'expected \[height, width\]'),
        ('name: x\nsize_px: [9, 80]\nclasses: [{name: a}, {name: b}]', 'at least 64 pixels'),
    ],
)
def test_a_faulty_file_says_what_is_wrong(tmp_path, text, words):
    (tmp_path / 'classes.yaml').write_text(text)
    with pytest.raises(DatasetError, match=words) as caught:
        folder(tmp_path, 'train')
    assert str(tmp_path / 'classes.yaml') in str(caught.value)


def test_the_example_in_the_documentation_works(tmp_path):
    described = sys.modules[folder.__module__].__doc__
    example = described.split('::\n')[1].split('All but')[0]
    lines = [line[4:] for line in example.splitlines()]
    data = opened(make(tmp_path, '\n'.join(lines), stripes(0, 1, 2, 255)))
    assert data.labels.classes == ('ground', 'vehicle')
    assert read_stripes(data) == [0, 1, 1, VOID]


def test_without_a_file_of_classes(tmp_path):
    with pytest.raises(DatasetError, match=r'classes.yaml: no such file.*pydoc'):
        folder(tmp_path, 'train')
