"""csrnet-train and csrnet-eval as a user runs them, on small data of the real layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import commands
from csrnet_ros.cli.train import measure
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import load_checkpoint
from csrnet_ros.training.datasets import camvid

NO_TORCHVISION_TRAIN = Path(__file__).with_name('no_torchvision_train.py')


@pytest.fixture(scope='module')
def trained(tmp_path_factory, make_camvid):
    folder = tmp_path_factory.mktemp('train')
    root, path = make_camvid(folder / 'data', train=8), folder / 'net.safetensors'
    done = commands.run(
        'train', '--data', 'camvid', '--root', root, '--split', 'trainval', '--model', 'medium',
        '--recipe', 'cpu', '--epochs', 1, '--device', 'cpu', '--out', path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return root, path, done


def test_training_writes_a_checkpoint_that_says_where_it_comes_from(trained):
    _, path, done = trained
    checkpoint = load_checkpoint(path)
    assert checkpoint.config.name == 'medium'
    assert checkpoint.labels == CAMVID
    provenance = checkpoint.provenance
    assert provenance['data'] == 'CamVid trainval, SegNet labels'
    assert provenance['measured_on'] == 'CamVid test, SegNet labels'
    assert (provenance['recipe'], provenance['epochs'], provenance['images']) == ('cpu', 1, 10)
    assert f'mIoU {provenance["miou"]:.2f} %' in done.stdout
    assert 'training' in done.stderr, 'a progress bar'


def test_what_was_not_measured_is_none_in_the_checkpoint(trained, small_camvid, tmp_path, capsys):
    path = tmp_path / 'net.safetensors'
    path.write_bytes(trained[1].read_bytes())
    data = camvid(small_camvid, 'test')
    for pair in data.pairs:  # as those of Cityscapes' test, which are kept back
        cv2.imwrite(str(pair.label), np.full((96, 128), 11, np.uint8))
    measure(path, data, torch.device('cpu'), picture=tmp_path / 'confusion.png')
    assert 'nothing to measure' in capsys.readouterr().out
    assert load_checkpoint(path).provenance['miou'] is None


def test_evaluation_agrees_with_a_count_of_its_own(trained, tmp_path):
    root, path, _ = trained
    out = tmp_path / 'figures' / 'test.json'
    done = commands.run(
        'eval', '--data', 'camvid', '--root', root, '--split', 'test', '--weights', path,
        '--device', 'cpu', '--json', out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    expected = independent_iou(path, camvid(root, 'test'))
    assert list(figures['iou']) == list(CAMVID.classes)
    for name, value in zip(CAMVID.classes, expected, strict=True):
        found = np.nan if figures['iou'][name] is None else figures['iou'][name]
        assert found == pytest.approx(value, abs=0.01, nan_ok=True), name
    assert figures['miou'] == pytest.approx(np.nanmean(expected), abs=0.01)
    assert f'mIoU {figures["miou"]:.2f} %' in done.stdout
    assert all(name in done.stdout for name in CAMVID.classes)
    recorded = load_checkpoint(path).provenance['miou']
    assert recorded == pytest.approx(figures['miou'], abs=0.01)


def independent_iou(path, data):
    """Return the IoU by class from the definition, by sets of pixels."""
    checkpoint = load_checkpoint(path)
    network = checkpoint.build()
    predicted, truth = [], []
    for index in range(len(data)):
        image, label = data.read(index)
        x = (torch.from_numpy(image).float() - torch.tensor(checkpoint.mean)) / torch.tensor(
            checkpoint.std
        )
        with torch.inference_mode():
            probabilities = network(x.permute(2, 0, 1)[None]).softmax(dim=1)
        predicted.append(probabilities.argmax(dim=1).flatten().numpy())
        truth.append(label.flatten())
    predicted, truth = np.concatenate(predicted), np.concatenate(truth)
    predicted[truth == 255] = 255
    return [
        100 * ((predicted == c) & (truth == c)).sum() / union
        if (union := ((predicted == c) | (truth == c)).sum())
        else np.nan
        for c in range(11)
    ]


def test_all_that_is_wrong_with_the_data_is_said_at_once(small_camvid, tmp_path):
    train, val = camvid(small_camvid, 'train').pairs, camvid(small_camvid, 'val').pairs
    for path in (train[0].label, val[0].label):
        path.write_bytes(b'')
    for path in (train[1].image, train[1].label):
        cv2.imwrite(str(path), np.zeros((64, 64), np.uint8))
    done = commands.run(
        'train', '--root', small_camvid, '--recipe', 'cpu', '--out', tmp_path / 'x.safetensors'
    )
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    for path in (train[0].label, train[1].image, val[0].label):
        assert f'  {path}: ' in done.stderr


def test_classes_that_cannot_be_learned_are_told_before_training(small_camvid, tmp_path):
    for pair in camvid(small_camvid, 'train').pairs:
        cv2.imwrite(str(pair.label), np.full((96, 128), 3, np.uint8))
    (small_camvid / 'valannot' / 'val_000.png').write_bytes(b'')  # so that it ends there
    done = commands.run(
        'train', '--root', small_camvid, '--recipe', 'cpu', '--out', tmp_path / 'x.safetensors'
    )
    assert done.returncode == 1
    assert 'warning: CamVid train, SegNet labels: no label holds, and so' in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'stray', 'words'),
    [
        (['--recipe', 'cpu'], 77, 'the values 77 stand for no class'),
        (['--recipe', 'paper'], None, 'torchvision is not installed'),
        (['--data', 'cityscapes'], None, 'torchvision is not installed'),
    ],
)
def test_without_torchvision(small_camvid, tmp_path, arguments, stray, words):
    if stray:
        label = camvid(small_camvid, 'train').pairs[0].label
        cv2.imwrite(str(label), np.full((96, 128), stray, np.uint8))
    out = tmp_path / 'x.safetensors'
    done = commands.run(NO_TORCHVISION_TRAIN, '--root', small_camvid, '--out', out, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('name', 'arguments', 'words'),
    [
        ('train', ['--recipe', 'cpu', '--root', 'nowhere'], 'txt: no such file'),
        ('train', ['--recipe', 'cpu', '--root', 'nowhere', '--model', 'huge'], 'invalid choice'),
        ('train', ['--recipe', 'cpu', '--root', 'nowhere', '--device', 'tpu'], 'unknown device'),
        ('train', ['--recipe', 'cpu', '--root', 'nowhere', '--epochs', 0], 'epochs is 0'),
        ('eval', ['--root', 'nowhere', '--weights', 'none.safetensors'], 'no such weights file'),
    ],
)
def test_mistakes_end_with_one_sentence(tmp_path, name, arguments, words):
    out = ['--out', tmp_path / 'x.safetensors'] if name == 'train' else []
    done = commands.run(name, '--data', 'camvid', *arguments, *out)
    assert done.returncode != 0
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
    assert not list(tmp_path.iterdir())
