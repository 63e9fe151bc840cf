"""Jobs of csrnet-bag that are out of room, interrupted or disturbed, and what goes on."""

import re
import resource
import shutil
import signal

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

import commands
from csrnet_ros.cli.bag_parts import PART_FRAMES, PartFolder
from csrnet_ros.errors import BagError
from recorded_bag import IMAGE, pictures, raw, read, record
from tiny_run import wait_for

STORAGES = pytest.mark.parametrize('storage', list(StoragePlugin))
TOPICS = '/csrnet/label', '/csrnet/overlay'


def growing(path, storage):
    """Record a bag of one part with small frames and one with large ones."""
    small = pictures(1)[0]
    large = np.tile(small, (4, 4, 1))
    frames = [small] * PART_FRAMES + [large] * PART_FRAMES
    messages = [('/front', IMAGE, raw(n, image)) for n, image in enumerate(frames)]
    return record(path, messages, storage=storage)


@STORAGES
def test_a_full_disk_ends_with_a_sentence_and_loses_nothing(tmp_path, weights, storage):
    bag, out = growing(tmp_path / 'in', storage), tmp_path / 'out'
    options = ('--weights', weights, '--outputs', 'label,overlay')
    job = commands.Running('bag', bag, out, *options)
    wait_for(job, 'labelling:')
    resource.prlimit(job.pid, resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
    done = job.end()
    assert done.returncode == 1
    partial = out.with_name('out.partial')
    assert done.stderr.splitlines()[-1].startswith(
        f'error: {partial / "unfinished"} cannot be written: '
    )
    assert 'Traceback' not in done.stderr
    assert [path.name for path in partial.glob('part-*')] == ['part-000000']
    done = commands.run('bag', bag, out, *options)
    assert done.returncode == 0, done.stderr
    assert '50 frames labelled, 0 unreadable' in done.stdout
    whole = tmp_path / 'whole'
    assert commands.run('bag', bag, whole, *options).returncode == 0
    assert read(out) == read(whole)


@pytest.mark.parametrize('blow', [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_ended_keeps_what_is_done_and_goes_on_to_the_same_bag(
    tmp_path, weights, blow
):
    picture = pictures(1)[0]
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(n, picture)) for n in range(120)])
    out, whole = tmp_path / 'out', tmp_path / 'whole'
    options = ('--weights', weights, '--outputs', 'label,overlay')
    job = commands.Running('bag', bag, out, *options)
    said = ''
    while not (seen := re.search(r'\| ([1-9]\d*)/120 ', said)):
        more = job.stderr.read(10)
        assert more, said
        said += more
    job.send_signal(blow)
    done = job.end()
    assert done.returncode == 128 + blow
    kept = re.search(r'^(\d+) frames are kept; the same command goes on$', done.stderr, re.M)
    assert int(kept[1]) >= int(seen[1])
    for name in (out, whole):
        done = commands.run('bag', bag, name, *options)
        assert done.returncode == 0, done.stderr
        assert '120 frames labelled, 0 unreadable' in done.stdout
    assert read(out) == read(whole)


def test_another_bag_in_the_same_place_is_not_gone_on_with(tmp_path, weights):
    bag, out = growing(tmp_path / 'in', StoragePlugin.MCAP), tmp_path / 'out'
    job = commands.Running('bag', bag, out, '--weights', weights)
    wait_for(job, 'labelling:')
    job.send_signal(signal.SIGTERM)
    assert job.end().returncode == 128 + signal.SIGTERM
    shutil.rmtree(bag)
    growing(bag, StoragePlugin.MCAP)
    done = commands.run('bag', bag, out, '--weights', weights)
    assert done.returncode == 1
    partial = out.with_name('out.partial')
    assert f'error: {partial} holds another job, with other files of the bag; ' in done.stderr
    assert not out.exists()


def outputs(number):
    """Return what is made of a frame."""
    return [(topic, 10**9 + number, bytes(20_000)) for topic in TOPICS]


def fill(out, storage, *, frames):
    """Make a job go on to its last frame, and return it."""
    parts = PartFolder(out, job={}, storage=storage)
    with parts:
        for number in range(parts.frames, frames):
            parts.write(outputs(number))
    return parts


def messages(frames):
    """Return topic and time of all that a whole job holds."""
    return [(topic, time) for n in range(frames) for topic, time, _ in outputs(n)]


def joined(parts, out):
    """Join the parts; return topic and time of what the bag holds."""
    parts.join([])
    return [(topic, time) for topic, _, time, _ in read(out)]


@STORAGES
def test_a_part_that_cannot_be_read_to_its_end_is_an_error_and_made_anew(tmp_path, storage):
    out = tmp_path / 'out'
    parts = fill(out, storage, frames=3 * PART_FRAMES)
    second = out.with_name('out.partial') / 'part-000001'
    (file,) = (path for path in second.iterdir() if path.suffix in ('.db3', '.mcap'))
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 21_000] = bytes(21_000)
    file.write_bytes(data)
    with pytest.raises(BagError, match=str(second)):
        parts.join([])
    assert not out.exists()
    parts = fill(out, storage, frames=3 * PART_FRAMES)
    assert joined(parts, out) == messages(3 * PART_FRAMES)


@STORAGES
def test_a_frame_is_written_and_counted_as_one(tmp_path, storage):
    def cut_short(number):
        label, overlay = outputs(number)
        yield label
        signal.raise_signal(signal.SIGINT)
        yield overlay

    def begin(parts):
        with parts:
            for number in range(PART_FRAMES + 2):
                parts.write(outputs(number))
            parts.write(cut_short(PART_FRAMES + 2))

    out = tmp_path / 'out'
    with pytest.raises(KeyboardInterrupt):
        begin(PartFolder(out, job={}, storage=storage))
    parts = fill(out, storage, frames=40)
    assert parts.frames == 40
    assert joined(parts, out) == messages(40)


def test_parts_of_a_job_that_has_ended_are_not_those_of_the_next(tmp_path):
    out, storage = tmp_path / 'out', StoragePlugin.MCAP
    fill(out, storage, frames=2 * PART_FRAMES)
    (out.with_name('out.partial') / 'job.json').unlink()  # as the end of a job does first
    parts = PartFolder(out, job={}, storage=storage)
    assert parts.frames == 0
    assert joined(fill(out, storage, frames=10), out) == messages(10)


@STORAGES
def test_a_part_without_its_metadata_is_made_anew(tmp_path, storage, capsys):
    out = tmp_path / 'out'
    fill(out, storage, frames=3 * PART_FRAMES)
    second = out.with_name('out.partial') / 'part-000001'
    (second / 'metadata.yaml').write_text('')
    assert PartFolder(out, job={}, storage=storage).frames == PART_FRAMES
    assert f'{second} is damaged; it is made anew' in capsys.readouterr().err
    parts = fill(out, storage, frames=3 * PART_FRAMES)
    assert joined(parts, out) == messages(3 * PART_FRAMES)
