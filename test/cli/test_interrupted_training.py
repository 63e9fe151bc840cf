"""Runs that are killed, interrupted, out of room or out of bounds."""

import os
import random
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import commands
from csrnet_ros.model import load_checkpoint
from tiny_run import arguments, scalars, wait_for

STREAMED_TRAIN = Path(__file__).with_name('streamed_train.py')
SHORT_OF_MEMORY_TRAIN = Path(__file__).with_name('short_of_memory_train.py')
STEPS = 6


def train(*args):
    """Run to the end; return the exit status and what was said on stderr."""
    done = commands.run(*arguments(*args))
    return done.returncode, done.stderr


def state_path(out):
    return out.with_suffix('.run') / 'state.pt'


def save_state(out, saved):
    state_path(out).parent.mkdir()
    torch.save(saved, state_path(out))


def final_state(out):
    state = torch.load(state_path(out), weights_only=True)['state']['run']
    assert state['steps'] == STEPS
    return state


def assert_same_bits(out, expected):
    """Check that two runs have ended in the same state, and shipped the same weights."""
    found, wanted = (final_state(path) for path in (out, expected))
    assert_equal(found, wanted)
    found, wanted = (load_checkpoint(path).weights for path in (out, expected))
    assert_equal(found, wanted)


def assert_equal(found, wanted):
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key in wanted:
            assert_equal(found[key], wanted[key])
    else:
        equal = torch.equal if isinstance(wanted, torch.Tensor) else lambda a, b: a == b
        assert equal(found, wanted)


@pytest.fixture(scope='module')
def root(tmp_path_factory, make_camvid):
    return make_camvid(tmp_path_factory.mktemp('data') / 'CamVid', train=8)


@pytest.fixture(scope='module')
def undisturbed(tmp_path_factory, root):
    """The checkpoint of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp('undisturbed') / 'net.safetensors'
    status, said = train(root, out)
    assert status == 0, said
    return out


def test_a_run_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    command = arguments(root, out, '--resume')
    chance = random.Random(0)
    for _ in range(2):
        run = commands.Running(*command)
        wait_for(run, 'training:')
        time.sleep(chance.uniform(0, 0.8))  # any instant
        run.send_signal(signal.SIGKILL)
        run.end()
    partial = state_path(out).with_name('state.pt.partial')
    partial.parent.mkdir(exist_ok=True)
    partial.unlink(missing_ok=True)
    os.mkfifo(partial)  # which holds a writer up until all that it writes is read
    run = commands.Running(*command)
    with partial.open('rb', buffering=0) as written:
        half = written.read(1000)
        run.send_signal(signal.SIGKILL)
        run.end()
    partial.unlink()
    partial.write_bytes(half)
    status, said = train(root, out, '--resume')
    assert status == 0, said
    assert_same_bits(out, undisturbed)
    assert sorted(scalars(out, 'loss')) == list(range(1, STEPS + 1))


def interrupted(root, out, blow, *options, **more):
    """Return the command with which a run says that it can be continued after a signal."""
    run = commands.Running(*arguments(root, out, *options, **more))
    wait_for(run, 'loss')
    run.send_signal(blow)
    done = run.end()
    assert done.returncode == 128 + blow
    assert f'{state_path(out)} holds the run after step' in done.stderr
    assert 'Traceback' not in done.stderr
    return done.stderr.splitlines()[-1].strip()


def started(command):
    """Start what a run has said it can be continued with."""
    python, script, *rest = shlex.split(command)
    assert python == sys.executable
    return commands.Running(Path(script), *rest)


def launch(command):
    """Run a command as a shell does; return the exit status and what was said on stderr."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_ctrl_c_saves_and_says_how_to_continue(tmp_path, root, undisturbed):
    out = tmp_path / 'a run' / 'net.safetensors'
    status, said = launch(shlex.split(interrupted(root, out, signal.SIGINT)))
    assert status == 0, said
    assert_same_bits(out, undisturbed)


def test_weights_remember_those_that_they_started_from(tmp_path, root, undisturbed):
    first, out = tmp_path / 'first.safetensors', tmp_path / 'net.safetensors'
    first.write_bytes(undisturbed.read_bytes())
    said = interrupted(root, out, signal.SIGINT, '--initial-weights', first)
    first.unlink()  # a run that has begun no longer needs them
    done = started(said).end()
    assert done.returncode == 0, done.stderr
    found, expected = load_checkpoint(out), load_checkpoint(undisturbed)
    assert found.provenance['initial_weights'] == expected.provenance
    assert found.trained_on == f'{expected.trained_on}, then {expected.trained_on}'


def test_weights_remember_the_backbone_that_they_started_from(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    status, said = train(root, out, '--epochs', 1, '--backbone-weights', undisturbed)
    assert status == 0, said
    out.unlink()
    status, said = train(root, out, '--epochs', 1, '--resume', '--backbone-weights', 'imagenet')
    assert status == 0, said
    assert load_checkpoint(out).provenance['backbone_weights'] == str(undisturbed)


def test_a_run_that_reads_from_disk_ends_with_the_bits_of_one_in_memory(
    tmp_path, root, undisturbed
):
    out = tmp_path / 'net.safetensors'
    done = started(interrupted(root, out, signal.SIGINT, script=STREAMED_TRAIN)).end()
    assert done.returncode == 0, done.stderr
    assert '8 images of 128x96 take 0.00 GB' in done.stderr
    assert 'they are read from disk, batch by batch' in done.stderr
    assert_same_bits(out, undisturbed)
    assert all(0 < share < 1 for share in scalars(out, 'share_of_time_in_steps').values())


def test_a_file_that_breaks_during_the_run_is_named_with_what_is_saved(tmp_path, make_camvid):
    root, out = make_camvid(tmp_path / 'CamVid', train=8), tmp_path / 'net.safetensors'
    run = commands.Running(*arguments(root, out, '--epochs', 99, script=STREAMED_TRAIN))
    wait_for(run, 'loss')
    broken = root / 'trainannot' / 'train_003.png'
    broken.write_bytes(b'')
    done = run.end()
    assert done.returncode == 1
    message = f'error: {re.escape(str(broken))}: not a whole label image .*; put that right'
    assert re.search(message, done.stderr), done.stderr
    assert done.stderr.splitlines()[-1].strip().endswith('--resume')


def test_sigterm_saves_and_a_full_disk_loses_nothing(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    command = interrupted(root, out, signal.SIGTERM)
    saved = state_path(out).read_bytes()
    room = 30_000_000, resource.RLIM_INFINITY  # for the weights, but not for the state
    run = started(command)
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, room)
    done = run.end()
    assert done.returncode == 1
    assert re.search('File too large.*; put that right', done.stderr), done.stderr
    assert done.stderr.splitlines()[-1].strip() == command, 'it continues when there is room'
    assert state_path(out).read_bytes() == saved
    assert not list(out.parent.rglob('*.partial'))
    done = started(command).end()
    assert done.returncode == 0, done.stderr
    assert_same_bits(out, undisturbed)


def test_too_little_memory_is_told_with_what_helps(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    done = commands.run(*arguments(root, out, script=SHORT_OF_MEMORY_TRAIN))
    assert done.returncode == 1
    *_, said, command = done.stderr.splitlines()
    assert re.match('error: CUDA out of memory.*after step 2; .*--accumulate 2', said), said
    command = command.replace(SHORT_OF_MEMORY_TRAIN.name, 'tiny_train.py')
    status, said = launch([*shlex.split(command), '--accumulate', '2'])
    assert status == 0, said
    assert final_state(out)


def test_each_process_says_no_more_than_it_knows_of_what_is_saved(tmp_path, root, start_two):
    out = tmp_path / 'net.safetensors'
    ranks = start_two(*arguments(root, out, script=SHORT_OF_MEMORY_TRAIN))
    first, second = (rank.end().stderr for rank in ranks)
    assert f'{state_path(out)} holds the run after step 2; ' in first
    assert f'what the first process has saved is in {state_path(out)}; ' in second


def test_a_loss_that_is_not_finite_ends_the_run_at_its_last_good_state(
    tmp_path, root, undisturbed
):
    out = tmp_path / 'net.safetensors'
    saved = torch.load(state_path(undisturbed), weights_only=True)
    run = saved['state']['run']
    run['steps'] = 2
    next(iter(run['model'].values())).fill_(3e38)  # the next sum overflows
    save_state(out, saved)
    before = state_path(out).read_bytes()
    status, said = train(root, out, '--resume')
    assert status == 1
    last = said.splitlines()[-1]
    assert re.match(
        r'error: the loss is (nan|inf) in epoch 2, step 3, at learning rate 0\.0', last
    )
    assert f'{state_path(out)} holds the run after step 2' in last
    assert state_path(out).read_bytes() == before


def test_a_run_is_not_continued_with_other_classes(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    saved = torch.load(state_path(undisturbed), weights_only=True)
    saved['identity']['classes'][0] = 'heaven'
    save_state(out, saved)
    status, said = train(root, out, '--resume')
    assert status == 1
    assert re.search(r"classes was \['heaven', .*, is \['sky', ", said), said


def test_weights_that_no_run_has_made_are_not_overwritten(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    out.write_bytes(b'of another')
    for options in (('--initial-weights', undisturbed), ('--resume',)):
        status, said = train(root, out, *options)
        assert status == 1
        assert f'{out} exists already; name another --out, or remove it' in said
        assert 'held in memory' not in said, 'it reads nothing before'
        assert out.read_bytes() == b'of another'


def test_a_run_at_its_end_still_gives_its_weights(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    state_path(out).parent.mkdir()
    state_path(out).write_bytes(state_path(undisturbed).read_bytes())
    status, said = train(root, out, '--resume')
    assert status == 0, said
    assert_same_bits(out, undisturbed)
    assert load_checkpoint(out).provenance == load_checkpoint(undisturbed).provenance


def test_a_run_goes_on_in_another_precision(tmp_path, root, undisturbed):
    out = tmp_path / 'net.safetensors'
    saved = torch.load(state_path(undisturbed), weights_only=True)
    saved['state']['run']['steps'] = STEPS - 1  # fp16 is slow on a CPU
    save_state(out, saved)
    status, said = train(root, out, '--resume', '--precision', 'fp16')
    assert status == 0, said
    assert final_state(out)['scaler']['scale'] > 0


def test_a_run_is_not_overwritten_nor_continued_as_another(undisturbed, root):
    before = state_path(undisturbed).read_bytes()
    status, said = train(root, undisturbed)
    assert status == 1
    assert 'continue it with --resume' in said
    assert 'held in memory' not in said, 'it reads nothing before'
    for change, difference in (
        (('--seed', 3), 'seed was 0, is 3'),
        (('--split', 'trainval'), 'data was CamVid train, .*, is CamVid trainval'),
        (('--model', 'medium'), 'network was light, is medium'),
    ):
        status, said = train(root, undisturbed, '--resume', *change)
        assert status == 1
        assert re.search(difference, said), said
    assert state_path(undisturbed).read_bytes() == before
