"""Bags whose recorder packed files or messages, also where it was killed."""

import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from csrnet_ros.media.bags import Bag
from recorded_bag import IMAGE, TYPES, pictures, raw, record

STORAGES = list(StoragePlugin)


def frames(first, count):
    return [('/front', IMAGE, raw(first + n, pictures(1)[0])) for n in range(count)]


def read(path):
    """Return the numbers of all frames of a bag, and what it says to be missing."""
    with Bag(path) as bag:
        found = [TYPES.deserialize_cdr(m.data, IMAGE) for m in bag.messages(bag.image_topics)]
        return [image.header.stamp.nanosec for image in found], bag.losses


def killed(bag):
    """Take away what a recorder that is killed does not write; return its last file."""
    (bag / 'metadata.yaml').unlink()
    (file,) = bag.iterdir()
    return file


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('mode', [CompressionMode.FILE, CompressionMode.MESSAGE])
def test_a_packed_bag_is_read_whole_or_by_one_of_its_files(tmp_path, storage, mode):
    bag = record(tmp_path / 'in', frames(0, 4), storage=storage, packed=mode)
    assert read(bag) == ([0, 1, 2, 3], [])
    file = killed(bag)
    assert read(file) == ([0, 1, 2, 3], [])
    found, (loss,) = read(bag)
    assert found == [0, 1, 2, 3]
    assert 'no metadata.yaml' in loss


@pytest.mark.parametrize('storage', STORAGES)
def test_what_a_killed_recorder_has_packed_is_read_before_what_it_has_not(tmp_path, storage):
    bag = record(tmp_path / 'in', frames(0, 4), storage=storage, packed=CompressionMode.FILE)
    first = killed(bag)
    last = killed(record(tmp_path / 'in_1', frames(4, 3), storage=storage))
    last.rename(bag / last.name)
    (bag / f'{last.name}.zstd').write_bytes(first.read_bytes()[:1000])  # it was about to pack it
    found, (loss,) = read(bag)
    assert found == list(range(7))
    assert 'no metadata.yaml' in loss


def test_a_packed_file_that_is_cut_is_read_as_far_as_it_goes(tmp_path):
    noise = [('/front', IMAGE, raw(n, picture)) for n, picture in enumerate(pictures(80))]
    mcap = StoragePlugin.MCAP
    bag = record(tmp_path / 'in', noise, storage=mcap, packed=CompressionMode.FILE)
    file = killed(bag)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 99 // 100])
    found, losses = read(file)
    assert 0 < len(found) < 80
    assert found == list(range(len(found)))
    assert losses[0].startswith(f'{file} can be unpacked but in part: ')
    assert losses[1].startswith(f'{file} has no proper end')


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('whole', [False, True])
def test_a_packed_message_that_is_damaged_costs_no_more_than_itself(tmp_path, storage, whole):
    bag = record(tmp_path / 'in', frames(0, 4), storage=storage, packed=CompressionMode.MESSAGE)
    (file,) = [path for path in bag.iterdir() if path.suffix in ('.db3', '.mcap')]
    data = file.read_bytes()
    second = data.index(b'\x28\xb5\x2f\xfd', data.index(b'\x28\xb5\x2f\xfd') + 4)
    file.write_bytes(data[: second + 4] + b'\xff' + data[second + 5 :])
    path = bag if whole else file
    found, losses = read(path)
    assert len(found) == 3
    assert losses == [f'{path} is damaged: 3 of 4 messages could be read']
