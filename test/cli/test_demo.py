"""The demo as a user runs it: three real processes on real topics, with a small network."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from csrnet_ros.labels import CAMVID
from csrnet_ros.media.frames import open_frames, read_image
from csrnet_ros.media.saving import save_image
from csrnet_ros.training.datasets.street import draw_street

pytest.importorskip('rclpy', reason='the demo needs ROS 2')

DEMO = [sys.executable, '-m', 'csrnet_ros.cli.demo']


@pytest.fixture
def drive(tmp_path):
    """A folder of six images, one of them upright, a broken file, and an image too small."""
    folder = tmp_path / 'drive'
    folder.mkdir()
    for number in range(5):
        image, _ = draw_street(number, height_px=96, width_px=128)
        save_image(folder / f'{number}.png', image)
    save_image(folder / '7.png', draw_street(7, height_px=128, width_px=64)[0])
    (folder / '6.png').write_bytes(b'broken')
    save_image(folder / '3_tiny.png', draw_street(3, height_px=96, width_px=64)[0][:, :63])
    return folder


def demo(*arguments):
    return subprocess.run(
        [*DEMO, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def children_of(pid):
    """Return the ids of the processes whose parent is ``pid``."""
    listing = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    return [int(child) for child in listing.split()]


def test_every_frame_of_a_folder_is_labelled(tmp_path, drive, weights):
    named = tmp_path / 'a "street"\N{LINE SEPARATOR}\N{OLD PERSONAL COMPUTER}é.safetensors'
    named.hardlink_to(weights)
    done = demo(drive, '--weights', named, '--out', tmp_path / 'out')
    assert done.returncode == 0, done.stderr
    assert 'frames: 6 in, 6 out, 0 dropped' in done.stdout
    for stage in ('network', 'stamp to publish'):
        row = next(line for line in done.stdout.splitlines() if line.startswith(stage))
        p50_ms, p95_ms = map(float, row.removeprefix(stage).split())
        assert 0 < p50_ms <= p95_ms
    assert 'mIoU' not in done.stdout, 'nobody knows the truth of these images'
    assert f'skipped: {drive / "6.png"}: not a readable image' in done.stderr
    assert f'skipped: {drive / "3_tiny.png"}: an image of 96x63 pixels' in done.stderr
    video = open_frames(str(tmp_path / 'out' / 'demo.mp4'))
    frames = list(video.frames(unreadable=pytest.fail))
    assert len(frames) == video.length == 6
    picture = read_image(tmp_path / 'out' / 'demo.png')
    for color in CAMVID.colors:
        assert (picture == np.array(color)).all(2).any(), 'the legend shows every class'


def test_missing_weights(tmp_path, drive):
    done = demo(drive, '--weights', tmp_path / 'no.safetensors', '--out', tmp_path / 'out')
    assert done.returncode == 1
    assert done.stderr == (
        f'error: {tmp_path / "no.safetensors"}: no such weights file; check the path, or train '
        'one with csrnet-train\n'
    )
    assert not (tmp_path / 'out').exists()


def test_an_input_that_is_not_there(tmp_path, weights):
    done = demo(tmp_path / 'nowhere', '--weights', weights, '--out', tmp_path / 'out')
    assert done.returncode == 1
    assert done.stderr.startswith(f'error: {tmp_path / "nowhere"}: no such file')


def test_nothing_labelled(tmp_path, weights):
    (tmp_path / 'drive').mkdir()
    (tmp_path / 'drive' / 'a.png').write_bytes(b'broken')
    done = demo(tmp_path / 'drive', '--weights', weights, '--out', tmp_path / 'out')
    assert done.returncode == 1
    assert 'no frame was labelled' in done.stderr
    assert not list((tmp_path / 'out').iterdir())


def start_demo(tmp_path, weights):
    """Return a demo of the drawn street and its three processes: node, viewer, camera."""
    process = subprocess.Popen(
        [*DEMO, '--weights', weights, '--out', tmp_path / 'out'], stderr=subprocess.PIPE, text=True
    )
    said = ''
    while 'starting' not in said:
        said += process.stderr.read(1)
    children = children_of(process.pid)
    assert len(children) == 3
    return process, children


def assert_gone(processes):
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize(('blow', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_no_process_behind(tmp_path, weights, blow, status):
    process, children = start_demo(tmp_path, weights)
    process.send_signal(blow)
    process.communicate()
    assert process.returncode == status
    assert_gone(children)


def test_a_process_that_dies_is_named_and_ends_the_demo(tmp_path, weights):
    process, children = start_demo(tmp_path, weights)
    os.kill(children[0], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 1
    assert 'error: the node ended with status -9' in said
    assert_gone(children)
