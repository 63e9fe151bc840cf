"""csrnet-explain as a user runs it, with a small random network."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import torch

import commands
from csrnet_ros.inference import find_weights
from csrnet_ros.inference.score_cam import ScoreCam
from csrnet_ros.labels import CAMVID
from csrnet_ros.media.frames import read_image
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import load_checkpoint, save_checkpoint
from csrnet_ros.training.datasets.street import draw_street

SHORT_OF_MEMORY_EXPLAIN = Path(__file__).with_name('short_of_memory_explain.py')

SHARE = r'A16 (\d+\.\d)%, B8 (\d+\.\d)%, C4 (\d+\.\d)%; its area \d+\.\d%'


def explain(*arguments):
    return commands.run('explain', '--device', 'cpu', *arguments)


@pytest.fixture
def scene(tmp_path, small_camvid, weights):
    """An image, a truth made of the prediction, and a class that is there and one that is not."""
    image = small_camvid / 'test' / 'test_000.png'
    cam = ScoreCam(load_checkpoint(weights), device=torch.device('cpu'))
    predicted = cam.explain(read_image(image), []).labels
    truth = tmp_path / 'truth.png'
    cv2.imwrite(str(truth), predicted)
    present = [name for i, name in enumerate(CAMVID.classes) if (predicted == i).any()]
    absent = [name for name in CAMVID.classes if name not in present]
    return image, truth, present[0], absent[0]


def test_a_sheet_for_a_class_that_is_there_and_a_sentence_for_one_that_is_not(
    tmp_path, scene, weights
):
    image, truth, present, absent = scene
    done = explain(
        image, '--truth', truth, '--weights', weights, '--classes', f'{present},{absent}',
        '--out', tmp_path / 'new' / 'out', '--batch-size', 32,
    )  # fmt: skip
    assert done.returncode == 1
    assert f'{image}: no pixel of it is predicted as {absent}' in done.stderr
    assert '12/12' in done.stderr, 'a progress bar over 3 maps of 128 channels'
    assert re.search(rf'heat inside {present}: {SHARE}', done.stdout)
    sheets = list((tmp_path / 'new' / 'out').iterdir())
    assert [path.name for path in sheets] == [f'test_000_{present}.png']
    drawn = read_image(sheets[0])
    color = CAMVID.colors[CAMVID.index(present)]
    assert (drawn == color).all(2).any(), 'the prediction and the legend'


def test_a_class_that_an_empty_image_speaks_for_more_has_no_heat_and_no_share_of_it(tmp_path):
    image, truth = draw_street(0, height_px=64, width_px=96)
    save_image(tmp_path / 'street.png', image)
    save_image(tmp_path / 'truth.png', truth)
    done = explain(
        tmp_path / 'street.png', '--truth', tmp_path / 'truth.png', '--classes', 'road',
        '--weights', find_weights('light'), '--out', tmp_path, '--batch-size', 32,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'A16 no heat, B8 no heat, C4 no heat; its area' in done.stdout
    sheet = tmp_path / 'street_road.png'
    assert f'{sheet}: no heat in A16, B8, C4: no part of the image speaks for' in done.stdout


def test_images_of_one_name_have_sheets_of_their_own(tmp_path, scene, weights):
    image, _, present, _ = scene
    checkpoint = load_checkpoint(weights)
    classes = tuple('a car/van' if name == present else name for name in CAMVID.classes)
    renamed = replace(checkpoint, labels=replace(checkpoint.labels, classes=classes))
    weights = tmp_path / 'renamed.safetensors'
    save_checkpoint(weights, renamed)
    for folder in 'ab':
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'x.png').write_bytes(image.read_bytes())
    done = explain(
        tmp_path / 'a' / 'x.png', tmp_path / 'b' / 'x.png', '--weights', weights,
        '--classes', 'a car/van', '--out', tmp_path / 'out', '--batch-size', 32,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'x_a_car_van.png', 'x_2_a_car_van.png'
    }  # fmt: skip
    assert 'b/x.png: the name is taken, the sheets are called x_2' in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'status', 'words'),
    [
        (['--classes', 'unicorn'], 1, "error: no class 'unicorn' in camvid; it has sky, "),
        (['--classes', 'car', '--batch-size', '0'], 1, 'error: batch_size is 0'),
        (['--classes', 'car', '--truth', 'a.png', 'b.png'], 2, '1 images, but 2 files of truth'),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, scene, weights, arguments, status, words):
    image, *_ = scene
    done = explain(image, '--weights', weights, '--out', tmp_path / 'out', *arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_truth_of_another_size_is_refused(tmp_path, scene, weights):
    image, truth, present, _ = scene
    cv2.imwrite(str(truth), cv2.imread(str(truth), cv2.IMREAD_UNCHANGED)[:90])
    done = explain(
        image, '--truth', truth, '--weights', weights, '--classes', present, '--out', tmp_path
    )
    assert done.returncode == 1
    assert f'skipped: {truth}: truth and image differ in size, 128x90 and 128x96' in done.stderr


def test_what_cannot_be_read_is_named_and_left_out(tmp_path, scene, weights):
    image, _, _, absent = scene
    tiny = tmp_path / 'tiny.png'
    save_image(tiny, read_image(image)[:50, :120])
    done = explain(
        'no.png', tmp_path, tiny, image, '--weights', weights, '--classes', absent,
        '--out', tmp_path / 'out',
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[:3] == [
        'skipped: no.png: no such file',
        f'skipped: {tmp_path}: a folder; name image files',
        f'skipped: {tiny}: an image of 50x120 pixels (height x width); each side needs at least '
        '64',
    ]
    assert f'{image}: no pixel of it is predicted as {absent}' in done.stderr


def test_a_truth_that_cannot_be_read_costs_only_its_own_image(tmp_path, scene, weights):
    image, truth, present, _ = scene
    done = explain(
        image, image, '--truth', tmp_path / 'no.png', truth, '--weights', weights,
        '--classes', present, '--out', tmp_path / 'out', '--batch-size', 32,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f'skipped: {tmp_path / "no.png"}: no such file\n')
    assert [path.name for path in (tmp_path / 'out').iterdir()] == [f'test_000_{present}.png']


def test_a_device_out_of_memory_is_said_in_a_sentence(tmp_path, small_camvid, weights):
    image = small_camvid / 'test' / 'test_000.png'
    done = commands.run(
        SHORT_OF_MEMORY_EXPLAIN, image, '--weights', weights, '--classes', 'car', '--out', tmp_path
    )
    assert done.returncode == 1
    assert 'error: CUDA out of memory. Tried to allocate 2.00 GiB; give' in done.stderr
    assert 'smaller images or batches' in done.stderr
    assert 'Traceback' not in done.stderr
