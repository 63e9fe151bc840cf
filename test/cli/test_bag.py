"""csrnet-bag on whole bags: every frame labelled, whatever interrupts it."""

import signal

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

import commands
from csrnet_ros.inference import SegmentationEngine
from recorded_bag import (
    IMAGE,
    JPEG,
    TEXT,
    TYPES,
    compressed,
    header,
    images,
    pictures,
    raw,
    read,
    record,
)


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_every_frame_is_labelled_under_its_header_and_time(tmp_path, weights, storage):
    frames = pictures(3)
    bag = record(
        tmp_path / 'in',
        [('/front', IMAGE, raw(n, image)) for n, image in enumerate(frames)],
        storage=storage,
    )
    out = tmp_path / 'out'
    wanted = ('--outputs', 'label,overlay,confidence', '--device', 'cpu')
    done = commands.run('bag', bag, out, '--weights', weights, *wanted)
    assert done.returncode == 0, done.stderr
    assert '3 frames labelled, 0 unreadable' in done.stdout
    engine = SegmentationEngine.from_checkpoint(weights, device='cpu')
    for name, field, encoding in [
        ('label', 'labels', 'mono8'), ('overlay', 'overlay', 'rgb8'),
        ('confidence', 'confidence', 'mono8'),
    ]:  # fmt: skip
        found = images(out, f'/csrnet/{name}')
        assert [time for time, _ in found] == [10**9 + n * 10**6 for n in range(3)]
        for number, (_, message) in enumerate(found):
            assert message.header == header(number)
            assert message.encoding == encoding
            expected = getattr(
                engine.segment(frames[number], overlay=True, confidence=True), field
            )
            assert (message.height, message.width) == expected.shape[:2]
            pixels = message.data.reshape(expected.shape)
            # The runs may differ by rounding.
            assert (pixels == expected).mean() > 0.999
    assert {topic for topic, *_ in read(out)} == {
        '/csrnet/label', '/csrnet/overlay', '/csrnet/confidence',
    }  # fmt: skip
    assert not list(tmp_path.glob('*.partial'))


def test_several_topics_and_all_that_the_bag_holds(tmp_path, weights):
    picture = pictures(1)[0]
    text = TYPES.types[TEXT](data='hello')
    bag = record(
        tmp_path / 'in',
        [
            ('/front/image', IMAGE, raw(0, picture)),
            ('/talk', TEXT, text),
            ('/rear/compressed', JPEG, compressed(1, picture)),
        ],
    )
    out = tmp_path / 'out'
    done = commands.run('bag', bag, out, '--weights', weights, '--keep-topics')
    assert done.returncode == 0, done.stderr
    found = read(out)
    assert [message for message in found if not message[0].startswith('/csrnet')] == read(bag)
    (_, front), (_, rear) = (
        images(out, f'/csrnet/{name}/label')[0] for name in ('front/image', 'rear/compressed')
    )
    np.testing.assert_array_equal(front.data, rear.data)
    assert rear.header == header(1)


def test_a_mosaic_is_labelled_alike_raw_and_in_a_png(tmp_path, weights):
    mosaic = np.ascontiguousarray(pictures(1)[0][..., 1])
    plain = TYPES.types[IMAGE](
        header=header(0), height=mosaic.shape[0], width=mosaic.shape[1], encoding='bayer_rggb8',
        is_bigendian=0, step=mosaic.shape[1], data=mosaic.reshape(-1),
    )  # fmt: skip
    _, png = cv2.imencode('.png', mosaic)
    packed = TYPES.types[JPEG](header=header(0), format='bayer_rggb8; png compressed ', data=png)
    bag = record(tmp_path / 'in', [('/raw', IMAGE, plain), ('/png', JPEG, packed)])
    out = tmp_path / 'out'
    wanted = ('--outputs', 'overlay', '--device', 'cpu')
    done = commands.run('bag', bag, out, '--weights', weights, *wanted)
    assert done.returncode == 0, done.stderr
    (_, one), (_, other) = (images(out, f'/csrnet/{name}/overlay')[0] for name in ('raw', 'png'))
    np.testing.assert_array_equal(one.data, other.data)


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_of_a_topic_with_two_types_the_images_are_labelled(tmp_path, weights, storage):
    text, picture = TYPES.types[TEXT](data='hello'), pictures(1)[0]
    messages = [('/front', TEXT, text), ('/front', IMAGE, raw(0, picture))] * 2
    bag, out = record(tmp_path / 'in', messages, storage=storage), tmp_path / 'out'
    done = commands.run('bag', bag, out, '--weights', weights, '--keep-topics')
    assert done.returncode == 0, done.stderr
    assert '2 frames labelled, 0 unreadable' in done.stdout
    found = read(out)
    assert [message for message in found if message[0] == '/front'] == read(bag)
    assert sum(topic == '/csrnet/label' for topic, *_ in found) == 2


def test_an_output_that_is_named_twice_is_written_once(tmp_path, weights):
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(0, pictures(1)[0]))])
    out = tmp_path / 'out'
    done = commands.run('bag', bag, out, '--weights', weights, '--outputs', 'label,label')
    assert done.returncode == 0, done.stderr
    assert [topic for topic, *_ in read(out)] == ['/csrnet/label']


@pytest.mark.parametrize('name', ['a#1', 'a?1', 'a%20b'])
def test_names_that_sqlite_would_misread(tmp_path, weights, name):
    messages = [('/front', IMAGE, raw(0, pictures(1)[0]))]
    bag = record(tmp_path / 'in', messages)
    done = commands.run('bag', bag, tmp_path / name, '--weights', weights)
    assert done.returncode == 1
    assert f'error: {tmp_path / name} holds ' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['in']
    bag.rename(tmp_path / name)
    done = commands.run('bag', tmp_path / name, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 0, done.stderr
    other = record(tmp_path / 'other', messages, storage=StoragePlugin.MCAP)
    done = commands.run('bag', other, tmp_path / f'{name} labelled', '--weights', weights)
    assert done.returncode == 0, done.stderr


def test_a_killed_job_goes_on_to_the_same_bag(tmp_path, weights):
    frames = pictures(4)
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(n, frames[n % 4])) for n in range(60)])
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    assert commands.run('bag', bag, whole, '--weights', weights).returncode == 0
    job = commands.Running('bag', bag, cut, '--weights', weights)
    part = cut.with_name('cut.partial') / 'part-000000'
    while not part.exists():
        assert job.stderr.read(20), 'it ended before it had a part'
    job.send_signal(signal.SIGKILL)
    job.end()
    assert not cut.exists()
    again = commands.run('bag', bag, cut, '--weights', weights)
    assert again.returncode == 0, again.stderr
    assert '| 25/60' in again.stderr
    assert read(cut) == read(whole)


def test_older_labels_are_neither_labelled_nor_mixed_with_new_ones(tmp_path, weights):
    picture = pictures(1)[0]
    messages = [('/front', IMAGE, raw(0, picture)), ('/talk', TEXT, TYPES.types[TEXT]('hello'))]
    older = [
        ('/csrnet/label', TEXT, TYPES.types[TEXT]('not even an image')),
        ('/csrnet/overlay', IMAGE, raw(1, picture)),
    ]
    bag, out = record(tmp_path / 'in', messages + older), tmp_path / 'out'
    done = commands.run('bag', bag, out, '--weights', weights, '--keep-topics')
    assert done.returncode == 0, done.stderr
    found = [(topic, type_) for topic, type_, *_ in read(out)]
    kept = [('/front', IMAGE), ('/talk', TEXT), ('/csrnet/overlay', IMAGE)]
    assert sorted(found) == sorted([*kept, ('/csrnet/label', IMAGE)])
    assert [file.name for file in out.glob('*.db3')] == ['out.db3']
