"""csrnet-bag as a user runs it, on bags that the tests record themselves."""

import re
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.training.datasets.street import draw_street

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE, JPEG, TEXT = (
    f'{package}/msg/{name}'
    for package, name in (
        ('sensor_msgs', 'Image'), ('sensor_msgs', 'CompressedImage'), ('std_msgs', 'String'),
    )
)  # fmt: skip


def header(number, frame_id='camera'):
    stamp = TYPES.types['builtin_interfaces/msg/Time'](sec=7, nanosec=number)
    return TYPES.types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def raw(number, image):
    bgr = np.ascontiguousarray(image[..., ::-1])
    return TYPES.types[IMAGE](
        header=header(number), height=image.shape[0], width=image.shape[1], encoding='bgr8',
        is_bigendian=0, step=bgr.shape[1] * 3, data=bgr.reshape(-1),
    )  # fmt: skip


def compressed(number, image):
    _, data = cv2.imencode('.png', image[..., ::-1])
    return TYPES.types[JPEG](header=header(number), format='png', data=data)


def pictures(count):
    return [draw_street(n, seed=2, height_px=64, width_px=72)[0] for n in range(count)]


def record(path, messages, *, storage=StoragePlugin.SQLITE3):
    """Write a bag of (topic, type, message), one each millisecond from 1 s on."""
    with Writer(path, version=8, storage_plugin=storage) as writer:
        connections = {
            (topic, type_): writer.add_connection(topic, type_, typestore=TYPES)
            for topic, type_ in dict.fromkeys((topic, type_) for topic, type_, _ in messages)
        }
        for number, (topic, type_, message) in enumerate(messages):
            data = TYPES.serialize_cdr(message, type_)
            writer.write(connections[topic, type_], 10**9 + number * 10**6, data)
    return path


def read(path):
    """Return (topic, type, time, bytes) of every message."""
    with Reader(path) as reader:
        return [(c.topic, c.msgtype, time, bytes(data)) for c, time, data in reader.messages()]


def images(path, topic):
    """Return time and message of every image on a topic."""
    return [
        (time, TYPES.deserialize_cdr(data, type_))
        for name, type_, time, data in read(path)
        if name == topic
    ]


def command(*arguments):
    return [sys.executable, '-m', 'csrnet_ros.cli.bag', *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_every_frame_is_labelled_under_its_header_and_time(tmp_path, weights, storage):
    frames = pictures(3)
    bag = record(
        tmp_path / 'in',
        [('/front', IMAGE, raw(n, image)) for n, image in enumerate(frames)],
        storage=storage,
    )
    out = tmp_path / 'out'
    done = run(bag, out, '--weights', weights, '--outputs', 'label,overlay,confidence')
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
    done = run(bag, out, '--weights', weights, '--keep-topics')
    assert done.returncode == 0, done.stderr
    found = read(out)
    assert [message for message in found if not message[0].startswith('/csrnet')] == read(bag)
    (_, front), (_, rear) = (
        images(out, f'/csrnet/{name}/label')[0] for name in ('front/image', 'rear/compressed')
    )
    np.testing.assert_array_equal(front.data, rear.data)
    assert rear.header == header(1)


def test_a_killed_job_goes_on_to_the_same_bag(tmp_path, weights):
    frames = pictures(4)
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(n, frames[n % 4])) for n in range(60)])
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    assert run(bag, whole, '--weights', weights).returncode == 0
    process = subprocess.Popen(
        command(bag, cut, '--weights', weights), stderr=subprocess.PIPE, text=True, bufsize=1
    )
    part = cut.with_name('cut.partial') / 'part-000000'
    while not part.exists():
        assert process.stderr.read(20), 'it ended before it had a part'
    process.kill()
    process.wait()
    process.stderr.close()
    assert not cut.exists()
    again = run(bag, cut, '--weights', weights)
    assert again.returncode == 0, again.stderr
    assert '| 25/60' in again.stderr
    assert read(cut) == read(whole)


def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path, weights):
    picture = pictures(1)[0]
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(n, picture)) for n in range(200)])
    process = subprocess.Popen(
        command(bag, tmp_path / 'out', '--weights', weights), stderr=subprocess.PIPE, text=True
    )
    said = ''
    while not re.search(r'\| [1-9]\d*/200 ', said):
        more = process.stderr.read(10)
        assert more, said
        said += more
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert 'frames are kept; the same command goes on' in said


def test_frames_that_cannot_be_read_are_named_and_counted(tmp_path, weights):
    good = raw(0, pictures(1)[0])
    short, strange = raw(1, pictures(1)[0]), raw(2, pictures(1)[0])
    short.data, strange.encoding = short.data[:-1], '32FC1'
    bag = record(tmp_path / 'in', [('/front', IMAGE, m) for m in (short, good, strange)])
    done = run(bag, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert '1 frames labelled, 2 unreadable' in done.stdout
    assert '/front at 1000000000 ns: data holds' in done.stderr
    assert "/front at 1002000000 ns: encoding '32FC1'" in done.stderr
    assert len(images(tmp_path / 'out', '/csrnet/label')) == 1


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_a_damaged_bag_is_read_as_far_as_it_goes(tmp_path, weights, storage):
    picture = pictures(1)[0]
    messages = [('/front', IMAGE, raw(n, picture)) for n in range(40)]
    bag = record(tmp_path / 'in', messages, storage=storage)
    (file,) = [path for path in bag.iterdir() if path.suffix in ('.db3', '.mcap')]
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20000] = bytes(20000)
    file.write_bytes(data)
    out = tmp_path / 'out'
    done = run(bag, out, '--weights', weights)
    assert done.returncode == 1, done.stderr
    assert 'Traceback' not in done.stderr
    found = images(out, '/csrnet/label')
    assert 0 < len(found) < 40
    assert f'{len(found)} frames labelled' in done.stdout
    assert f'{bag} is damaged: {len(found)} of 40 messages' in done.stderr


def test_a_bag_without_its_metadata_is_read_and_that_is_said(tmp_path, weights):
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(0, pictures(1)[0]))])
    (bag / 'metadata.yaml').unlink()
    done = run(bag, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert 'no metadata.yaml' in done.stderr
    assert len(images(tmp_path / 'out', '/csrnet/label')) == 1


def split(path):
    """Write a bag of two files, with five frames in each."""
    picture, metadata = pictures(1)[0], []
    for number in range(2):
        frames = [('/front', IMAGE, raw(10 * number + n, picture)) for n in range(5)]
        half = record(path.with_name(f'half{number}'), frames)
        metadata.append(yaml.safe_load((half / 'metadata.yaml').read_text()))
    first, second = (found['rosbag2_bagfile_information'] for found in metadata)
    for name in ('relative_file_paths', 'files'):
        first[name] += second[name]
    first['message_count'] = first['topics_with_message_count'][0]['message_count'] = 10
    path.mkdir()
    (path / 'metadata.yaml').write_text(yaml.safe_dump(metadata[0]))
    for number in range(2):
        file = path.with_name(f'half{number}') / f'half{number}.db3'
        file.rename(path / file.name)
    return path


@pytest.mark.parametrize('damage', ['none', 'cut', 'missing', 'no metadata'])
def test_one_bad_file_of_a_bag_costs_no_more_than_itself(tmp_path, weights, damage):
    bag = split(tmp_path / 'in')
    last = bag / 'half1.db3'
    if damage == 'cut':
        last.write_bytes(last.read_bytes()[:5000])
    elif damage == 'missing':
        last.unlink()
    elif damage == 'no metadata':
        (bag / 'metadata.yaml').write_text('')
    done = run(bag, tmp_path / 'out', '--weights', weights)
    expected = 10 if damage in ('none', 'no metadata') else 5
    assert f'{expected} frames labelled, 0 unreadable' in done.stdout, done.stderr
    assert len(images(tmp_path / 'out', '/csrnet/label')) == expected
    assert done.returncode == (damage != 'none')
    assert (f'{bag} cannot be opened' in done.stderr) is (damage != 'none')


def test_older_labels_are_neither_labelled_nor_mixed_with_new_ones(tmp_path, weights):
    picture = pictures(1)[0]
    messages = [('/front', IMAGE, raw(0, picture)), ('/talk', TEXT, TYPES.types[TEXT]('hello'))]
    older = [
        ('/csrnet/label', TEXT, TYPES.types[TEXT]('not even an image')),
        ('/csrnet/overlay', IMAGE, raw(1, picture)),
    ]
    bag, out = record(tmp_path / 'in', messages + older), tmp_path / 'out'
    done = run(bag, out, '--weights', weights, '--keep-topics')
    assert done.returncode == 0, done.stderr
    found = [(topic, type_) for topic, type_, *_ in read(out)]
    kept = [('/front', IMAGE), ('/talk', TEXT), ('/csrnet/overlay', IMAGE)]
    assert sorted(found) == sorted([*kept, ('/csrnet/label', IMAGE)])
    assert [file.name for file in out.glob('*.db3')] == ['out.db3']


def test_mistakes_end_with_one_sentence(tmp_path, weights):
    text = TYPES.types[TEXT](data='hello')
    bag = record(tmp_path / 'talk', [('/talk', TEXT, text)])
    out = tmp_path / 'out'
    for arguments, words in [
        ((tmp_path / 'nowhere', out), 'no such bag'),
        ((bag, out), 'holds no images; its topics are /talk'),
        ((bag, out, '--topics', '/front'), 'no images on /front'),
        ((bag, bag), 'exists already'),
        ((bag, out, '--outputs', 'labels'), "'labels' is not one of label, color"),
        ((weights.parent, out), 'it holds neither .db3 nor .mcap files'),
        ((weights, out), 'not a bag that can be read'),
    ]:
        done = run(*arguments, '--weights', weights)
        assert done.returncode != 0
        assert words in done.stderr
        assert 'Traceback' not in done.stderr
        assert not out.exists()


def test_another_job_in_the_same_place_is_refused(tmp_path, weights):
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(0, pictures(1)[0]))])
    (tmp_path / 'out.partial').mkdir()
    (tmp_path / 'out.partial' / 'job.json').write_text('{"bag": "another"}')
    done = run(bag, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert 'holds another job, with other bag' in done.stderr
