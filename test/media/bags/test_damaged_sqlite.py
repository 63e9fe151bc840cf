"""Sqlite3 bags, damaged, cut off, or not closed among them: what is read, and what is said."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from csrnet_ros.media.bags import Bag
from recorded_bag import IMAGE, TYPES, pictures, raw, record

PAGE = 4096


def frames(count):
    picture = pictures(1)[0]
    return [('/front', IMAGE, raw(n, picture)) for n in range(count)]


def read(path):
    """Return the numbers of all frames of a bag, and what it says to be missing."""
    with Bag(path) as bag:
        found = [TYPES.deserialize_cdr(m.data, IMAGE) for m in bag.messages(bag.image_topics)]
        return [image.header.stamp.nanosec for image in found], bag.losses


def record_file(path, count):
    bag = record(path, frames(count))
    return bag, bag / f'{bag.name}.db3'


def ask(file, query):
    """Return the rows that a query finds in a database."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def clear(file, page):
    """Fill a page, counted from 1 on, with zeros."""
    data = bytearray(file.read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    file.write_bytes(data)


def pages_of(file, kind):
    """Return the pages of the table of messages that are of a kind, from their first byte."""
    data = file.read_bytes()
    ((root,),) = ask(file, "SELECT rootpage FROM sqlite_master WHERE name = 'timestamp_idx'")
    return [n for n in range(root + 1, len(data) // PAGE + 1) if data[(n - 1) * PAGE] == kind]


def test_a_page_of_a_message_costs_that_message(tmp_path):
    bag, file = record_file(tmp_path / 'in', 40)
    leaf = pages_of(file, 13)[10]  # what follows a leaf are data of its messages
    clear(file, leaf + 1)
    for path in (bag, file):
        found, losses = read(path)
        assert len(found) == 39
        assert losses == [f'{path} is damaged: 39 of 40 messages could be read']


def test_a_page_of_several_messages_costs_no_more_than_those(tmp_path):
    bag, file = record_file(tmp_path / 'in', 40)
    ids = ask(file, 'SELECT id FROM messages')
    clear(file, pages_of(file, 13)[5])
    found, losses = read(file)
    assert 30 < len(found) < len(ids)
    assert losses == [f'{file} is damaged: {40 - len(found)} of its 40 messages cannot be found']
    assert read(bag) == (
        found, [*losses, f'{bag} is damaged: {len(found)} of 40 messages could be read'],
    )  # fmt: skip


def test_the_index_of_times_may_be_damaged(tmp_path):
    _, file = record_file(tmp_path / 'in', 40)
    ((root,),) = ask(file, "SELECT rootpage FROM sqlite_master WHERE name = 'timestamp_idx'")
    clear(file, root)
    assert read(file) == (list(range(40)), [])


def test_a_message_that_the_index_alone_knows_is_missed(tmp_path):
    _, file = record_file(tmp_path / 'in', 40)
    data = bytearray(file.read_bytes())
    data[(pages_of(file, 13)[5] - 1) * PAGE + 4] -= 1  # how many messages the page has
    file.write_bytes(data)
    found, losses = read(file)
    assert len(found) == 39
    assert losses == [f'{file} is damaged: 1 of 40 messages are not under its topics']


@pytest.mark.parametrize('part', [0.5, 0.9, 0.99])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path, part):
    bag, file = record_file(tmp_path / 'in', 40)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * part)])
    found, losses = read(file)
    assert found == list(range(len(found)))
    assert len(found) >= int(40 * part) - 3
    assert f'{file} is damaged' in losses[0]
    _, losses = read(bag)
    assert losses[-1] == f'{bag} is damaged: {len(found)} of 40 messages could be read'


def test_what_a_recorder_had_not_yet_put_in_place_is_read(tmp_path):
    """Its write-ahead log is there while it records, and when it was killed."""
    _, file = record_file(tmp_path / 'in', 4)
    data = TYPES.serialize_cdr(raw(4, pictures(1)[0]), IMAGE)
    with closing(sqlite3.connect(file)) as recorder:
        recorder.execute('PRAGMA journal_mode = WAL')
        recorder.execute('INSERT INTO messages VALUES (5, 1, 2000000000, ?)', (bytes(data),))
        recorder.commit()
        left = tmp_path / 'left'
        left.mkdir()
        for name in ('in.db3', 'in.db3-wal'):
            shutil.copy(file.with_name(name), left)
        for path in (file, left / 'in.db3'):
            names = sorted(path.parent.iterdir())
            assert read(path) == (
                list(range(5)),
                [f'{path} was not closed by its recorder: read with what in.db3-wal holds'],
            )
            assert sorted(path.parent.iterdir()) == names


def test_a_bag_is_not_taken_for_another_one_whose_name_its_own_spells(tmp_path):
    for count, name in enumerate(('a%20b', 'a b'), start=1):
        bag = record(tmp_path / 'bag', frames(count))
        bag.rename(tmp_path / name)
    assert read(tmp_path / 'a%20b') == ([0], [])
