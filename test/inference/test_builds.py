"""Builds on the disk: made once, made anew when stale or damaged, never trusted."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from csrnet_ros.inference import SegmentationEngine, convert, deploy
from csrnet_ros.inference.backends.onnxruntime import onnx_key
from csrnet_ros.inference.builds import KEPT, build_key, find_build, find_or_build, keep_build
from csrnet_ros.model import VARIANTS, load_checkpoint


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'csrnet_ros' / 'builds'


class Builder:
    """Builds a file, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder):
        self.times += 1
        (folder / 'network').write_text(f'build {self.times}')


def test_a_build_is_made_once():
    build = Builder()
    for _ in range(2):
        folder = find_or_build('key', build, what='a test')
        assert (folder / 'network').read_text() == 'build 1'


@pytest.mark.parametrize(
    'damage',
    [
        lambda folder: (folder / 'network').write_text('build 7'),
        lambda folder: (folder / 'network').unlink(),
        lambda folder: (folder / 'digests.json').write_text('{'),
        lambda folder: (folder / 'digests.json').unlink(),
        lambda folder: (folder / 'more').write_text('unknown'),
    ],
)
def test_a_damaged_build_is_made_anew(damage):
    build = Builder()
    damage(find_or_build('key', build, what='a test'))
    folder = find_or_build('key', build, what='a test')
    assert (folder / 'network').read_text() == 'build 2'
    assert find_or_build('key', build, what='a test') == folder
    assert build.times == 2


def test_a_build_that_fails_leaves_nothing(cache):
    def fail(folder):
        (folder / 'network').write_text('half')
        raise RuntimeError('no')

    with pytest.raises(RuntimeError):
        find_or_build('key', fail, what='a test')
    assert list(cache.iterdir()) == []


def test_a_build_that_another_process_has_been_given_meanwhile_stays():
    given = []

    def slowly(folder):
        (folder / 'network').write_text('late')
        given.append(find_or_build('key', Builder(), what='another process'))
        given.append(given[0].stat().st_ino)

    folder = find_or_build('key', slowly, what='a test')
    assert [folder, folder.stat().st_ino] == given
    assert (folder / 'network').read_text() == 'build 1'


def test_an_own_build_that_cannot_be_kept_is_said_though_there_is_an_older_one(caplog):
    def fail(folder):
        raise OSError('no space left')

    keep_build('own', Builder(), what='a test')
    assert keep_build('own', fail, what='a test') is None
    assert 'cannot be kept (no space left)' in caplog.text
    assert (find_build('own') / 'network').read_text() == 'build 1'


def test_a_disk_that_takes_nothing_is_no_fault(cache, caplog):
    cache.parent.mkdir()
    cache.write_text('a file where the folder would be')
    assert find_or_build('key', Builder(), what='a test') is None
    assert 'cannot be kept' in caplog.text


def test_those_that_were_not_used_for_longest_are_forgotten(cache):
    numbers = [*range(KEPT), 0, KEPT, KEPT + 1]
    for number in numbers:
        find_or_build(f'key{number}', Builder(), what='a test')
    assert {folder.name for folder in cache.iterdir()} == {
        f'key{number}' for number in numbers if number not in (1, 2)
    }


@pytest.mark.parametrize('make', [find_or_build, keep_build])
def test_what_a_killed_process_has_left_is_removed_after_a_day(make):
    beside = make('first', Builder(), what='a test').parent
    left, at_work = (beside / f'.building-{name}' for name in ('left', 'at_work'))
    for folder, age_s in ((left, 25 * 3600), (at_work, 3600)):
        (folder / 'build').mkdir(parents=True)
        os.utime(folder, (time.time() - age_s,) * 2)
    make('second', Builder(), what='a test')
    assert {path.name for path in beside.iterdir()} == {'first', 'second', at_work.name}


def test_one_that_only_its_user_can_make_again_is_not_forgotten():
    keep_build('own', Builder(), what='a test')
    for number in range(KEPT + 1):
        find_or_build(f'key{number}', Builder(), what='a test')
    assert (find_build('own') / 'network').read_text() == 'build 1'


def test_the_key_changes_with_what_is_built(weights, monkeypatch, tmp_path):
    checkpoint = load_checkpoint(weights)
    name = next(iter(checkpoint.weights))
    changed = dict(checkpoint.weights, **{name: checkpoint.weights[name] + 1})
    keys = {
        build_key(checkpoint, 'runtime 1'),
        build_key(checkpoint, 'runtime 2'),
        build_key(replace(checkpoint, weights=changed), 'runtime 1'),
        build_key(replace(checkpoint, config=VARIANTS['heavy']), 'runtime 1'),
    }
    assert len(keys) == 4
    assert build_key(load_checkpoint(weights), 'runtime 1') in keys
    monkeypatch.setattr(torch, '__version__', '1.0')
    keys.add(build_key(checkpoint, 'runtime 1'))
    for module in (deploy, convert):
        changed = tmp_path / Path(module.__file__).name
        changed.write_text('# the network, computed or converted otherwise')
        monkeypatch.setattr(module, '__file__', str(changed))
        keys.add(build_key(checkpoint, 'runtime 1'))
    assert len(keys) == 7


@pytest.mark.parametrize('package', ['onnx', 'onnxscript'])
def test_the_key_changes_with_the_packages_that_convert(weights, monkeypatch, tmp_path, package):
    checkpoint = load_checkpoint(weights)
    before = onnx_key(checkpoint)
    told = tmp_path / f'{package}-999.dist-info' / 'METADATA'
    told.parent.mkdir()
    told.write_text(f'Metadata-Version: 2.1\nName: {package}\nVersion: 999\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert onnx_key(checkpoint) != before


def test_an_engine_converts_once_and_mends_what_is_damaged(weights, cache, caplog):
    caplog.set_level('INFO', 'csrnet_ros')

    def conversions() -> int:
        caplog.clear()
        SegmentationEngine.from_checkpoint(weights, device='cpu', backend='openvino')
        return sum('converting the network' in message for message in caplog.messages)

    assert conversions() == 1
    assert conversions() == 0
    (folder,) = cache.iterdir()
    with (folder / 'network.bin').open('r+b') as file:
        file.seek(1000)
        file.write(b'damaged')
    assert conversions() == 1
    assert conversions() == 0
