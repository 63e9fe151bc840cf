"""Mcap files of all kinds of recorders, whole and damaged: what is read, and what is said."""

import pytest
from rosbags.rosbag2 import CompressionMode

from csrnet_ros.media.bags import Bag
from mcap_file import (
    CHANNEL,
    CHUNK_INDEX,
    SCHEMA,
    STATISTICS,
    chunks,
    damage,
    record_chunks,
    records,
    with_summary,
    without_index,
)

ALL = {SCHEMA, CHANNEL, CHUNK_INDEX, STATISTICS}


def read(path):
    """Return the numbers of all frames of a bag, and what it says to be missing."""
    with Bag(path) as bag:
        times = [message.time_ns for message in bag.messages(bag.image_topics)]
        return [(time_ns - 10**9) // 10**6 for time_ns in times], bag.losses


@pytest.mark.parametrize('message_index', [False, True])
@pytest.mark.parametrize(
    'kinds',
    [ALL, ALL - {STATISTICS}, ALL - {CHANNEL}, ALL - {SCHEMA}, {CHUNK_INDEX}, {STATISTICS}],
    ids=['all', 'no statistics', 'no channels', 'no schemas', 'chunks', 'statistics'],
)
def test_all_is_read_whatever_a_recorder_puts_into_its_summary(tmp_path, kinds, message_index):
    _, file = record_chunks(tmp_path / 'in')
    with_summary(file, kinds, message_index=message_index)
    assert read(file) == (list(range(20)), [])


@pytest.mark.parametrize('byte', range(8))
def test_a_damaged_length_of_a_chunk_costs_that_chunk(tmp_path, byte):
    _, file = record_chunks(tmp_path / 'in', packed=CompressionMode.STORAGE)
    with_summary(file, ())
    damage(file, chunks(file)[1][1] + 1 + byte)
    found, losses = read(file)
    assert found == [*range(5), *range(10, 20)]
    assert f'{file} has bytes that are no sound records, left out: ' in losses[-1]


def test_what_a_chunk_without_a_length_holds_is_read_if_it_is_not_packed(tmp_path):
    _, file = record_chunks(tmp_path / 'in')
    with_summary(file, ())
    damage(file, chunks(file)[1][1] + 8)
    assert read(file) == (
        list(range(20)), [f'{file} has bytes that are no sound records, left out: 49'],
    )  # fmt: skip


@pytest.mark.parametrize('kinds', [(), (SCHEMA, CHANNEL, STATISTICS)], ids=['no', 'a'])
def test_a_damaged_chunk_of_a_file_with_an_end_costs_that_chunk(tmp_path, kinds):
    """With a summary, though without an index, or with none at all."""
    _, file = record_chunks(tmp_path / 'in', packed=CompressionMode.STORAGE)
    with_summary(file, kinds)
    damage(file, chunks(file)[1][1] + 9 + 28 + 4 + len('zstd'))  # of what is packed: its size
    found, losses = read(file)
    assert found == [*range(5), *range(10, 20)]
    assert losses[0] == f'{file} has damaged chunks, which are left out: 1'
    promised = [f'{file} is damaged: 15 of 20 messages could be read']
    assert losses[1:] == (promised if kinds else [])


@pytest.mark.parametrize('byte', range(8))
def test_a_damaged_length_of_a_message_costs_that_message(tmp_path, byte):
    _, file = record_chunks(tmp_path / 'in')
    without_index(file)
    frames = [start for opcode, start, _ in records(file) if opcode == 5]
    damage(file, frames[7] + 1 + byte)
    found, losses = read(file)
    assert [n for n in found if n != 7] == [n for n in range(20) if n != 7]
    assert [loss for loss in losses if 'no sound records, left out' in loss]


@pytest.mark.parametrize('bit', range(8))
def test_a_record_whose_kind_is_damaged_is_missed(tmp_path, bit):
    _, file = record_chunks(tmp_path / 'in', packed=CompressionMode.STORAGE)
    with_summary(file, ())
    damage(file, chunks(file)[2][1], bit=bit)
    found, losses = read(file)
    assert found == [*range(10), *range(15, 20)]
    assert [loss for loss in losses if 'no sound records, left out' in loss]


def test_that_the_topics_are_lost_is_said(tmp_path):
    """The first chunk alone says what topics there are."""
    _, file = record_chunks(tmp_path / 'in', packed=CompressionMode.STORAGE)
    with_summary(file, ())
    damage(file, chunks(file)[0][1] + 100)
    assert read(file) == (
        [],
        [
            f'{file} has damaged chunks, which are left out: 1',
            f'{file} has messages of topics that it does not name: 15',
        ],
    )


def test_a_file_with_a_damaged_index_is_read_without_it(tmp_path):
    _, file = record_chunks(tmp_path / 'in')
    (start,) = (start for opcode, start, _ in records(file) if opcode == STATISTICS)
    damage(file, start + 8)
    found, losses = read(file)
    assert found == list(range(20))
    (loss,) = losses
    assert loss.startswith(f'{file} is read without its index: ')
