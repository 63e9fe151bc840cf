"""csrnet-bench as a user runs it: tables, records, pictures and the page made of them."""

import json
import re
import subprocess
import sys

import cv2
import pytest

import commands
from csrnet_ros.cli.bench import main
from csrnet_ros.cli.bench_options import COMMANDS, parse

psutil = pytest.importorskip('psutil', reason='csrnet-bench needs psutil')
pytest.importorskip('matplotlib', reason='csrnet-bench draws with Matplotlib')


def bench(*arguments, code=0):
    done = commands.run('bench', *arguments)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('benchmark')


@pytest.fixture(scope='module')
def model_record(folder):
    path = folder / 'model.json'
    options = ['--models', 'light', '--sizes', '64x96', '--backends', 'torch', '--seconds', 0.1]
    options += ['--peers', 'lraspp-mobilenet-v3', '--device', 'cpu']
    bench('model', *options, '--json', path)
    return path


@pytest.fixture(scope='module')
def node_record(folder):
    pytest.importorskip('rclpy', reason='the node needs ROS 2')
    path = folder / 'node.json'
    options = ['--size', '64x96', '--backend', 'torch', '--seconds', 0.5]
    bench('node', *options, '--json', path)
    return path


def test_a_record_tells_what_was_measured_and_on_what(model_record):
    record = json.loads(model_record.read_text())
    assert record['kind'] == 'model'
    assert '--models light' in record['command']
    assert {'cpu', 'threads', 'load_average', 'versions'} < set(record['machine'])
    assert 'torch' in record['machine']['versions']
    rows = {(row['network'], row['backend']): row for row in record['figures']}
    assert set(rows) == {
        ('light', 'eager'),
        ('light', 'eager-channels-last'),
        ('light', 'torch'),
        ('lraspp-mobilenet-v3', 'eager'),
        ('lraspp-mobilenet-v3', 'ncnn'),
        ('lraspp-mobilenet-v3', 'openvino'),
    }
    for (network, _), row in rows.items():
        eager = rows[network, 'eager']['measures']
        for name, measure in row['measures'].items():
            assert 0 < measure['min_ms'] <= measure['q1_ms'] <= measure['median_ms']
            assert measure['median_ms'] <= measure['q3_ms']
            ratio = measure['median_ms'] / eager[name]['median_ms']
            assert measure['ratio_to_eager'] == pytest.approx(ratio)
        times_ms = [row['measures'][name]['min_ms'] for name in ('network', 'labels')]
        assert times_ms == sorted(times_ms)
    assert rows['light', 'eager']['miou'] > 40
    assert rows['lraspp-mobilenet-v3', 'eager']['miou'] is None


def test_the_node_is_measured_beside_the_floor(node_record):
    record = json.loads(node_record.read_text())
    for name in ('node', 'floor'):
        figures = record[name]
        assert figures['frames'] >= 10
        assert 0 < figures['latency_ms']['p50'] <= figures['latency_ms']['max']
        assert figures['peak_hz'] > 0
        assert figures['memory_mib'] > 50
    assert record['node']['stages_ms']['network'] > 0
    assert 'network' not in record['floor']['stages_ms']


def test_an_end_by_a_signal_leaves_no_process_behind():
    pytest.importorskip('rclpy', reason='the node needs ROS 2')
    command = [sys.executable, '-m', 'csrnet_ros.cli.bench', 'node', '--size', '64x96']
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while ' Hz: ' not in process.stderr.readline():
        assert process.poll() is None
    children = [child.pid for child in psutil.Process(process.pid).children()]
    assert children
    process.terminate()
    process.communicate()
    assert process.returncode == 143
    assert not any(map(psutil.pid_exists, children))


def test_the_page_shows_the_records_with_pictures(folder, model_record, node_record):
    done = bench('report', model_record, node_record, '--out', folder / 'docs')
    page = folder / 'docs' / 'benchmark.md'
    assert str(page) in done.stdout
    text = page.read_text()
    eager = json.loads(model_record.read_text())['figures'][0]
    assert f'{eager["measures"]["network"]["median_ms"]:.1f}' in text
    assert f'The accuracy is that of the weights of that day: light {eager["miou"]:.1f} %' in text
    assert 'weights are\nrandom' in text
    assert 'not run |' in text
    pictures = sorted((folder / 'docs' / 'images').iterdir())
    assert len(pictures) == 3
    for picture in pictures:
        assert f'(images/{picture.name})' in text
        assert cv2.imread(str(picture)).std() > 10


def test_records_of_one_size_and_device_have_pictures_of_their_own(tmp_path, model_record):
    record = json.loads(model_record.read_text())
    again = tmp_path / 'again.json'
    for row in record['figures']:
        row['miou'] = None
    again.write_text(json.dumps(record))
    bench('report', model_record, again, '--out', tmp_path)
    text = (tmp_path / 'benchmark.md').read_text()
    first, second = re.findall(r'\(images/(\S+_speed\S*\.png)\)', text)
    drawn = [cv2.imread(str(tmp_path / 'images' / name)) for name in (first, second)]
    assert (drawn[0] != drawn[1]).any(), 'one has accuracies, one has not'


def test_the_papers_table(tmp_path):
    done = bench('paper', '--size', '64x64', '--seconds', 0.1, '--json', tmp_path / 'paper.json')
    rows = [line for line in done.stdout.splitlines() if line.startswith('| #')]
    assert len(rows) == 16
    assert rows[2].count('1.00') == 2, 'heavy is what the others are relative to'


@pytest.mark.parametrize('kind', COMMANDS)
def test_each_command_has_a_help_text(kind, capsys):
    with pytest.raises(SystemExit, match='0'):
        parse(None, [kind, '--help'])
    assert COMMANDS[kind][0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['model', '--sizes', '20x96'], "'20x96' is no size"),
        (['model', '--models', 'huge'], "'huge'"),
        (['model', '--peers', 'yolo'], "'yolo'"),
        (['model', '--seconds', 'x'], "expected a number above 0, not 'x'"),
        (['node', '--rate', '0'], "expected a number above 0, not '0'"),
        (['paper', '--seconds', 'inf'], "expected a number above 0, not 'inf'"),
        (['model', '--batch', 'x'], "expected a count of 1 or more, not 'x'"),
        (['model', '--batch', '0'], "expected a count of 1 or more, not '0'"),
    ],
)
def test_what_it_does_not_know(arguments, words, capsys):
    with pytest.raises(SystemExit, match='2'):
        parse(None, arguments)
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'words'),
    [
        (('--json', '/dev'), "Is a directory: '/dev'"),
        (('--json', '/dev/null/a.json'), "Not a directory: '/dev/null'"),
        (('--plots', '/dev/null/pictures'), "Not a directory: '/dev/null/pictures'"),
    ],
)
def test_a_place_that_takes_no_file_is_refused_before_anything_is_measured(option, words):
    done = bench('model', '--device', 'cuda:99', *option, code=1)
    assert words in done.stderr
    assert 'cuda:99' not in done.stderr


def test_pictures_without_matplotlib_are_refused_before_anything_is_measured(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    arguments = ['csrnet-bench', 'model', '--device', 'cuda:99', '--plots', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', arguments)
    assert main() == 1
    assert 'error: matplotlib is not installed' in capsys.readouterr().err


@pytest.mark.parametrize(
    'content', ['soup', '[]', '{"kind": "soup"}', '{"kind": "model"}', '{"kind": ["model"]}']
)
def test_a_file_that_is_no_record(tmp_path, content):
    path = tmp_path / 'other.json'
    path.write_text(content)
    done = bench('report', path, '--out', tmp_path, code=1)
    assert f'error: {path}: not a record of csrnet-bench' in done.stderr
