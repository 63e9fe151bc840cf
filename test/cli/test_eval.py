"""csrnet-eval on every kind of data set: figures, picture and predictions."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import commands
from csrnet_ros.cli.networks import NamedNetwork, own_paths
from csrnet_ros.labels import CAMVID, CAMVID_EXACT, CITYSCAPES
from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, save_checkpoint

GRAY = (110.0, 110.0, 110.0)


def evaluate(*arguments):
    return commands.run('eval', '--device', 'cpu', *arguments)


def untrained(path, labels, variant='light', **provenance):
    torch.manual_seed(0)
    network = CSRNet(VARIANTS[variant], num_classes=len(labels))
    weights = network.state_dict()
    save_checkpoint(path, Checkpoint(network.config, labels, GRAY, GRAY, weights, provenance))
    return path


def outputs(folder):
    return [
        '--json', folder / 'figures.json', '--picture', folder / 'matrix.png',
        '--dump', folder / 'dump',
    ]  # fmt: skip


@pytest.mark.parametrize(('tradition', 'words'), [('segnet', 'SegNet'), ('exact', 'exact')])
def test_figures_say_which_tradition_they_are_of(tmp_path, make_original_camvid, tradition, words):
    root = make_original_camvid(tmp_path / 'CamVid')
    weights = untrained(
        tmp_path / 'net.safetensors',
        CAMVID_EXACT,
        data='CamVid 960x720 trainval, exact labels',
        initial_weights={'data': 'Cityscapes train', 'initial_weights': None},
    )
    trained_on = 'Cityscapes train, then CamVid 960x720 trainval, exact labels'
    done = evaluate(
        '--data', f'camvid-original-{tradition}', '--root', root, '--weights', weights,
        '--json', tmp_path / 'out.json', '--picture', tmp_path / 'new' / 'confusion.png',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f'CamVid 960x720 test, {words} labels: mIoU' in done.stdout
    assert f'trained on: {trained_on}\n' in done.stdout
    figures = json.loads((tmp_path / 'out.json').read_text())
    assert figures['data'] == f'CamVid 960x720 test, {words} labels'
    assert figures['trained_on'] == trained_on
    # One image of 96x128 in 32 stripes: all but void count, or 11 of them.
    counted = {'segnet': 31, 'exact': 11}[tradition] * 4 * 96
    assert sum(map(sum, figures['confusion'])) == counted
    assert cv2.imread(str(tmp_path / 'new' / 'confusion.png')) is not None


def test_an_engine_of_the_node_is_measured_in_place_of_the_plain_network(
    small_camvid, weights, tmp_path
):
    figures = {}
    for name, options in {'plain': (), 'torch': ('--backend', 'torch')}.items():
        written = '--json', tmp_path / f'{name}.json', '--report', tmp_path / f'{name}.html'
        done = evaluate('--root', small_camvid, '--weights', weights, *options, *written)
        assert done.returncode == 0, done.stderr
        figures[name] = json.loads((tmp_path / f'{name}.json').read_text())
        how = figures[name]['labelled']
        assert f'labelled {how} by' in (tmp_path / f'{name}.html').read_text()
    assert figures['plain']['labelled'] == 'in float32 on cpu'
    assert figures['torch']['labelled'] == 'in float32 on cpu with the backend torch'
    assert figures['torch']['miou'] == pytest.approx(figures['plain']['miou'], abs=1e-3)


def test_a_backend_that_does_not_run_here_is_said_in_a_sentence(small_camvid, weights):
    done = evaluate('--root', small_camvid, '--weights', weights, '--backend', 'openvino-int8')
    assert done.returncode == 1
    assert 'error: there is no 8-bit build of these weights here' in done.stderr


def test_cityscapes_predictions_for_the_test_server(tmp_path, make_cityscapes):
    root = make_cityscapes(tmp_path / 'Cityscapes')
    weights = untrained(tmp_path / 'net.safetensors', CITYSCAPES)
    done = evaluate(
        '--data', 'cityscapes', '--root', root, '--split', 'val', '--weights', weights,
        '--dump', tmp_path / 'dump',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'Cityscapes val: mIoU' in done.stdout
    assert 'checking' in done.stderr, 'a progress bar'
    names = sorted(path.name for path in (tmp_path / 'dump').iterdir())
    assert names == [f'{city}_000000_000019_leftImg8bit.png' for city in ('aachen', 'ulm')]
    written = cv2.imread(str(tmp_path / 'dump' / names[0]), cv2.IMREAD_UNCHANGED)
    assert written.shape == (64, 128)
    assert set(written.flat) <= {*range(7, 34)}


def test_several_networks_are_measured_in_one_pass_as_each_is_alone(tmp_path, small_camvid):
    light = untrained(tmp_path / 'a.safetensors', CAMVID)
    medium = untrained(tmp_path / 'b.safetensors', CAMVID, 'medium')
    both, alone = tmp_path / 'both', tmp_path / 'alone'
    arguments = ['--root', small_camvid, '--weights', light, medium]
    done = evaluate(*arguments, *outputs(both))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ['light', 'medium']
    single = evaluate(*arguments[:-1], *outputs(alone))
    assert single.returncode == 0, single.stderr
    assert sorted(path.name for path in both.iterdir()) == [
        f'{stem}_{name}{suffix}'
        for stem, suffix in (('dump', ''), ('figures', '.json'), ('matrix', '.png'))
        for name in ('light', 'medium')
    ]
    figures = json.loads((both / 'figures_light.json').read_text())
    assert figures == json.loads((alone / 'figures.json').read_text())
    assert f'light: {figures["data"]}: mIoU {figures["miou"]:.2f} %' in done.stdout
    assert single.stdout.splitlines()[-3:] == [
        line.removeprefix('light: ') for line in done.stdout.splitlines() if 'light: ' in line
    ]
    for path in (alone / 'dump').iterdir():
        assert path.read_bytes() == (both / 'dump_light' / path.name).read_bytes()


def test_faults_are_all_named_before_anything_is_measured(tmp_path, small_camvid):
    for path in (small_camvid / 'testannot').iterdir():
        path.write_bytes(b'')
    weights = untrained(tmp_path / 'net.safetensors', CAMVID)
    done = evaluate('--root', small_camvid, '--weights', weights, '--dump', tmp_path / 'dump')
    assert done.returncode == 1
    assert done.stderr.count('not a whole label image') == 2
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'dump').exists()


def test_a_figure_that_there_is_none_of_is_a_dash(tmp_path, small_camvid):
    for path in (small_camvid / 'testannot').iterdir():
        cv2.imwrite(str(path), np.zeros((96, 128), np.uint8))
    weights = untrained(tmp_path / 'net.safetensors', CAMVID)
    done = evaluate('--root', small_camvid, '--weights', weights)
    assert done.returncode == 0, done.stderr
    assert 'mIoU near label boundaries: - within 3 px, - within ' in done.stdout
    assert 'nan' not in done.stdout


def test_weights_for_other_classes_are_refused(tmp_path, small_camvid):
    twelve = replace(CAMVID, classes=(*CAMVID.classes, 'void'), colors=(*CAMVID.colors, (0, 0, 0)))
    weights = untrained(tmp_path / 'net.safetensors', twelve)
    done = evaluate('--root', small_camvid, '--weights', weights)
    assert done.returncode == 1
    assert 'the weights know sky, building' in done.stderr


@pytest.mark.parametrize(('option', 'suffix'), [('--picture', '.png'), ('--report', '.html')])
def test_a_file_is_what_its_ending_says(tmp_path, option, suffix):
    done = evaluate('--root', tmp_path, '--weights', 'net', option, tmp_path / 'matrix')
    assert done.returncode == 2
    assert f'matrix does not end in {suffix}' in done.stderr


def test_two_files_of_one_network_go_by_their_names_which_must_differ(tmp_path, small_camvid):
    first = untrained(tmp_path / 'first.safetensors', CAMVID)
    second = untrained(tmp_path / 'second.safetensors', CAMVID)
    done = evaluate('--root', small_camvid, '--weights', first, second)
    assert done.stdout.splitlines()[0].split() == ['first', 'second']
    done = evaluate('--root', small_camvid, '--weights', first, first)
    assert done.returncode == 1
    assert 'two weights files of one network are called first' in done.stderr


@pytest.mark.parametrize(
    ('option', 'words'),
    [
        (('--json', '/sys/a.json'), "Permission denied: '/sys'"),
        (('--report', '/sys/a.html'), "Permission denied: '/sys'"),
        (('--json', '/sys'), "Is a directory: '/sys'"),
        (('--sheets', '/dev/null'), "Not a directory: '/dev/null'"),
    ],
)
def test_a_place_that_takes_no_file_is_refused_before_the_data_are_read(tmp_path, option, words):
    weights = [untrained(tmp_path / f'{name}.safetensors', CAMVID) for name in 'ab']
    count = 2 if '--sheets' in option else 1
    done = evaluate('--root', tmp_path / 'none', '--weights', *weights[:count], *option)
    assert done.returncode == 1
    assert words in done.stderr
    assert 'none' not in done.stderr


@pytest.mark.parametrize('folder', ['.', '..'])
def test_the_name_of_a_network_goes_behind_the_name_that_a_dot_stands_for(
    tmp_path, monkeypatch, folder
):
    (tmp_path / 'up' / 'here').mkdir(parents=True)
    monkeypatch.chdir(tmp_path / 'up' / 'here')
    networks = [NamedNetwork(name, Path(name), None) for name in ('light', 'heavy')]
    place = tmp_path / 'up' / 'here' if folder == '.' else tmp_path / 'up'
    assert own_paths(Path(folder), networks) == [
        place.with_name(f'{place.name}_{name}') for name in ('light', 'heavy')
    ]
