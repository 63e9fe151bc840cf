"""csrnet-segment as a user runs it, with a small random network."""

import re
import signal

import cv2
import numpy as np
import pytest

import commands
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.media.frames import open_frames, read_image
from csrnet_ros.media.saving import VideoFile, save_image
from csrnet_ros.training.datasets.street import draw_street

HEIGHT, WIDTH = 64, 96
KINDS = ('labels', 'overlay')
LONG = 'a' * 300 + '.png'


def street(number):
    return draw_street(number, height_px=HEIGHT, width_px=WIDTH)[0]


@pytest.fixture(scope='module')
def segmented(tmp_path_factory, weights):
    """What becomes of images, two of one name, a broken and a tiny one, and two videos."""
    folder = tmp_path_factory.mktemp('segment')
    (folder / 'drive').mkdir()
    for number, name in enumerate(('alone.png', 'drive/a.png', 'drive/c.png', 'drive/alone.png')):
        save_image(folder / name, street(number))
    (folder / 'drive' / 'b.png').write_bytes(b'broken')
    save_image(folder / 'drive' / 'tiny.png', street(0)[:20, :20])
    with VideoFile(folder / 'film.mp4', rate_hz=8) as video:
        for number in range(5):
            video.write(street(number))
    with VideoFile(folder / 'small.mp4', rate_hz=8) as video:
        video.write(street(0)[:50])
    names = ('alone.png', 'nowhere.png', LONG, 'drive', 'small.mp4', 'film.mp4')
    inputs = ['0', *(folder / name for name in names)]
    done = commands.run(
        'segment', *inputs, '--weights', weights, '--out', folder / 'out', '--device', 'cpu'
    )
    return folder, done


def test_everything_that_can_be_read_is_labelled_and_nothing_overwritten(segmented):
    folder, _ = segmented
    images = [f'{name}_{kind}.png' for name in ('a', 'alone', 'alone_2', 'c') for kind in KINDS]
    assert sorted(path.name for path in (folder / 'out').iterdir()) == sorted(
        [*images, 'film_overlay.mp4']
    )


def test_what_cannot_be_read_is_named_and_makes_the_status_1(segmented):
    folder, done = segmented
    assert done.returncode == 1
    for name in ('0', folder / 'nowhere.png'):
        choice = 'name an image, a folder of images, or a video\n'
        assert f'skipped: {name}: no such file; {choice}' in done.stderr
    assert f'skipped: {folder / "drive" / "b.png"}: not a readable image' in done.stderr
    assert f'skipped: {folder / "drive" / "tiny.png"}: an image of 20x20 pixels' in done.stderr
    assert f'skipped: {folder / "small.mp4"}: an image of 50x96 pixels' in done.stderr
    assert f'skipped: {folder / LONG}: cannot be read (File name too long)' in done.stderr
    assert done.stderr.count('skipped') == 6
    assert 'alone: the name is taken, the results are called alone_2' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(('result', 'source'), [('alone', 'alone.png'), ('c', 'drive/c.png')])
def test_the_images_are_what_the_engine_says(segmented, weights, result, source):
    folder, _ = segmented
    engine = SegmentationEngine.from_checkpoint(weights, device='cpu')
    expected = engine.segment(read_image(folder / source), overlay=True)
    labels = cv2.imread(str(folder / 'out' / f'{result}_labels.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(labels, expected.labels)
    overlay = read_image(folder / 'out' / f'{result}_overlay.png')
    np.testing.assert_array_equal(overlay, expected.overlay)


def test_the_video_has_every_frame_at_its_pace(segmented):
    folder, _ = segmented
    video = open_frames(str(folder / 'out' / 'film_overlay.mp4'))
    frames = list(video.frames(unreadable=pytest.fail))
    assert (len(frames), video.rate_hz) == (5, 8)
    assert {frame.image.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}


def test_a_damaged_video_is_labelled_as_far_as_it_goes_and_makes_the_status_1(tmp_path, weights):
    path = tmp_path / 'film.mp4'
    with VideoFile(path, rate_hz=8) as video:
        for number in range(9):
            video.write(street(number))
    data = path.read_bytes()
    begin, end = data.find(b'mdat') + 4, data.find(b'moov')
    middle, length = begin + (end - begin) // 2, (end - begin) // 4
    path.write_bytes(data[:middle] + bytes(length) + data[middle + length :])
    done = commands.run('segment', path, '--weights', weights, '--out', tmp_path / 'out')
    assert done.returncode == 1
    assert re.search(f'skipped: {path}: frames? .* cannot be read', done.stderr)
    assert 5 <= open_frames(str(tmp_path / 'out' / 'film_overlay.mp4')).length < 9


@pytest.mark.parametrize(('blow', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_takes_the_half_done_video_with_it(tmp_path, weights, blow, status):
    path, out, image = tmp_path / 'film.mp4', tmp_path / 'out', street(0)
    with VideoFile(path, rate_hz=8) as video:
        for _ in range(999):
            video.write(image)
    run = commands.Running('segment', path, '--weights', weights, '--out', out)
    while not re.search(r' [1-9]\d*/999 ', line := run.stderr.readline()):
        assert line, 'it has ended'
    assert [path.name for path in out.iterdir()] == ['film_overlay.partial.mp4']
    run.send_signal(blow)
    done = run.end()
    assert done.returncode == status, done.stderr
    assert 'Traceback' not in done.stderr
    assert not list(out.iterdir())


def test_readable_inputs_give_status_0_and_a_progress_bar(tmp_path, weights):
    save_image(tmp_path / 'a.png', street(0))
    done = commands.run(
        'segment', tmp_path / 'a.png', '--weights', weights, '--out', tmp_path / 'new' / 'out'
    )
    assert done.returncode == 0
    assert '1/1' in done.stderr
    assert (tmp_path / 'new' / 'out' / 'a_labels.png').is_file()


def test_the_same_command_again_replaces_its_results_as_its_help_says(tmp_path, weights):
    command = (tmp_path / 'a.png', '--weights', weights, '--out', tmp_path / 'out')
    save_image(tmp_path / 'a.png', street(0))
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'a_labels.png').write_bytes(b'older')
    assert commands.run('segment', *command).returncode == 0
    names = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert names == ['a_labels.png', 'a_overlay.png']
    assert read_image(tmp_path / 'out' / 'a_labels.png').shape == (HEIGHT, WIDTH, 3)
    said = ' '.join(commands.run('segment', '--help').stdout.split())
    assert 'A file of that name that was there before is replaced.' in said


def test_missing_weights(tmp_path):
    save_image(tmp_path / 'a.png', street(0))
    done = commands.run(
        'segment', tmp_path / 'a.png', '--weights', tmp_path / 'no.st', '--out', tmp_path / 'out'
    )
    assert done.returncode == 1
    assert done.stderr == (
        f'error: {tmp_path / "no.st"}: no such weights file; check the path, or train one with '
        'csrnet-train\n'
    )
