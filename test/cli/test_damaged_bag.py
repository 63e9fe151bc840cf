"""csrnet-bag on what cannot be read, wholly or in part, and what it says of it."""

import pytest
import yaml
from rosbags.rosbag2 import CompressionMode, StoragePlugin

import commands
from mcap_file import chunks, damage, record_chunks, records, with_summary, without_index
from recorded_bag import IMAGE, TEXT, TYPES, images, pictures, raw, record


def test_frames_that_cannot_be_read_are_named_and_counted(tmp_path, weights):
    good = raw(0, pictures(1)[0])
    short, strange = raw(1, pictures(1)[0]), raw(2, pictures(1)[0])
    short.data, strange.encoding = short.data[:-1], '32FC1'
    bag = record(tmp_path / 'in', [('/front', IMAGE, m) for m in (short, good, strange)])
    done = commands.run('bag', bag, tmp_path / 'out', '--weights', weights)
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
    done = commands.run('bag', bag, out, '--weights', weights)
    assert done.returncode == 1, done.stderr
    assert 'Traceback' not in done.stderr
    found = images(out, '/csrnet/label')
    assert 0 < len(found) < 40
    assert f'{len(found)} frames labelled' in done.stdout
    assert f'{bag} is damaged: {len(found)} of 40 messages' in done.stderr


def test_a_bag_without_its_metadata_is_read_and_that_is_said(tmp_path, weights):
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(0, pictures(1)[0]))])
    (bag / 'metadata.yaml').unlink()
    done = commands.run('bag', bag, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert 'no metadata.yaml' in done.stderr
    assert len(images(tmp_path / 'out', '/csrnet/label')) == 1


def numbers(out):
    """Return the numbers of the frames that were labelled."""
    return [message.header.stamp.nanosec for _, message in images(out, '/csrnet/label')]


@pytest.mark.parametrize('tail', [b'', bytes(4096)], ids=['cut', 'cut and zeros'])
def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path, weights, tail):
    """What a recorder leaves behind that is killed, or whose machine loses power."""
    bag, file = record_chunks(tmp_path / 'in')
    (bag / 'metadata.yaml').unlink()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 5 // 8] + tail)
    for number, name in enumerate((bag, file)):
        out = tmp_path / f'out{number}'
        done = commands.run('bag', name, out, '--weights', weights)
        assert done.returncode == 1, done.stderr
        assert '10 frames labelled, 0 unreadable' in done.stdout
        assert f'{file} has no proper end: read up to its last whole record' in done.stderr
        assert numbers(out) == list(range(10))


@pytest.mark.parametrize('packed', [None, CompressionMode.STORAGE])
@pytest.mark.parametrize('ended', [False, True])
def test_a_damaged_part_of_a_recording_costs_no_more_than_itself(tmp_path, weights, ended, packed):
    bag, file = record_chunks(tmp_path / 'in', packed=packed)
    _, (_, start, end), *_, (_, _, last) = chunks(file)
    data = bytearray(file.read_bytes())
    data[start + 60 : end - 1] = bytes(end - 1 - start - 60)
    file.write_bytes(data if ended else data[:last])
    out = tmp_path / 'out'
    done = commands.run('bag', bag if ended else file, out, '--weights', weights)
    assert done.returncode == 1, done.stderr
    assert numbers(out) == [*range(5), *range(10, 20)]
    if ended:
        assert f'{bag} is damaged: 15 of 20 messages could be read' in done.stderr
    else:
        assert f'{file} has no proper end' in done.stderr
        assert 'has damaged chunks, which are left out: 1' in done.stderr


def test_a_bag_whose_topics_are_lost_is_told_so(tmp_path, weights):
    """The first chunk alone says what topics there are."""
    _, file = record_chunks(tmp_path / 'in', packed=CompressionMode.STORAGE)
    with_summary(file, ())
    damage(file, chunks(file)[0][1] + 100)
    done = commands.run('bag', file, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert 'holds no images; its topics are none' in done.stderr
    assert f'{file} has messages of topics that it does not name: 15' in done.stderr


@pytest.mark.parametrize('cut', [False, True])
def test_messages_that_stand_out_of_order_are_all_read(tmp_path, weights, cut):
    """A recorder notes when a message arrived, but comes to topic after topic."""
    picture = pictures(1)[0]
    messages = [(f'/{name}', IMAGE, raw(n, picture)) for n in range(4) for name in ('a', 'b', 'c')]
    times_ms = [10 * n + delay for n in range(4) for delay in (5, 0, 9)]
    bag = record(tmp_path / 'in', messages, storage=StoragePlugin.MCAP, times_ms=times_ms)
    (file,) = bag.glob('*.mcap')
    if cut:
        file.write_bytes(file.read_bytes()[: records(file)[-2][2]])
        bag = file
    else:
        without_index(file)
    done = commands.run('bag', bag, tmp_path / 'out', '--weights', weights)
    assert '12 frames labelled, 0 unreadable' in done.stdout, done.stderr
    assert 'messages could be read' not in done.stderr
    assert done.returncode == cut


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
    done = commands.run('bag', bag, tmp_path / 'out', '--weights', weights)
    expected = 10 if damage in ('none', 'no metadata') else 5
    assert f'{expected} frames labelled, 0 unreadable' in done.stdout, done.stderr
    assert len(images(tmp_path / 'out', '/csrnet/label')) == expected
    assert done.returncode == (damage != 'none')
    assert (f'{bag} cannot be opened' in done.stderr) is (damage != 'none')


def test_mistakes_end_with_one_sentence(tmp_path, weights):
    text = TYPES.types[TEXT](data='hello')
    bag = record(tmp_path / 'talk', [('/talk', TEXT, text)])
    out, junk = tmp_path / 'out', tmp_path / 'junk.mcap'
    junk.write_bytes(bytes(range(100)))
    for arguments, words in [
        ((tmp_path / 'nowhere', out), 'no such bag'),
        ((bag, out), 'holds no images; its topics are /talk'),
        ((bag, out, '--topics', '/front'), 'no images on /front'),
        ((bag, bag), 'exists already'),
        ((bag, out, '--outputs', 'labels'), "'labels' is not one of label, color"),
        ((weights.parent, out), 'it holds neither .db3 nor .mcap files'),
        ((weights, out), 'not a bag that can be read'),
        (
            (junk, out),
            f'not a bag that can be read ({junk} cannot be opened: File magic is invalid.)',
        ),
    ]:
        done = commands.run('bag', *arguments, '--weights', weights)
        assert done.returncode != 0
        assert words in done.stderr
        assert 'Traceback' not in done.stderr
        assert not out.exists()


def test_another_job_in_the_same_place_is_refused(tmp_path, weights):
    bag = record(tmp_path / 'in', [('/front', IMAGE, raw(0, pictures(1)[0]))])
    (tmp_path / 'out.partial').mkdir()
    (tmp_path / 'out.partial' / 'job.json').write_text('{"bag": "another"}')
    done = commands.run('bag', bag, tmp_path / 'out', '--weights', weights)
    assert done.returncode == 1
    assert 'holds another job, with other bag' in done.stderr
