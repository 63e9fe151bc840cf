"""Every backend against PyTorch's plain float32, and the choice between them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import commands
from csrnet_ros.errors import DeviceError
from csrnet_ros.inference import SegmentationEngine, available_weights
from csrnet_ros.inference.backends import TABLE
from csrnet_ros.inference.backends.ncnn import NcnnBackend
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import CONFIGS, Checkpoint, CSRNet, load_checkpoint
from csrnet_ros.model.layers import resize_bilinear
from csrnet_ros.training.datasets.street import draw_street

ON_CPU = [name for name, row in TABLE.items() if 'cpu' in row.devices and row.exact]
SIZES = ((90, 123), (64, 64), (128, 96), (95, 201))


@pytest.fixture(scope='module')
def shipped() -> Path:
    """Trained weights: an untrained network's classes are nearly as likely as each other."""
    return next(path for path in available_weights() if 'light_camvid' in path.name)


@pytest.fixture(scope='module', params=ON_CPU)
def engine(request, shipped):
    return SegmentationEngine.from_checkpoint(shipped, device='cpu', backend=request.param)


def street(size, number=0):
    return draw_street(number, seed=1, height_px=size[0], width_px=size[1])[0]


def plain_labels(checkpoint, image):
    """Label an image by the network as it was trained, in the plainest way."""
    mean, std = torch.tensor(checkpoint.mean), torch.tensor(checkpoint.std)
    x = ((torch.from_numpy(image).float() - mean) / std).permute(2, 0, 1)[None]
    with torch.inference_mode():
        logits = resize_bilinear(checkpoint.build().logits(x), image.shape[:2])[0]
    return logits.argmax(dim=0).numpy()


def test_sizes_that_change_are_labelled_as_by_plain_pytorch(engine, shipped):
    checkpoint = load_checkpoint(shipped)
    same = [
        engine.segment(street(size)).labels == plain_labels(checkpoint, street(size))
        for size in (*SIZES, SIZES[0])
    ]
    assert np.mean([place for one in same for place in one.ravel()]) >= 0.9999


def test_photos_are_labelled_as_by_plain_pytorch(engine, shipped, camvid_root):
    import cv2

    checkpoint = load_checkpoint(shipped)
    for path in sorted((camvid_root / 'test').glob('*.png'))[::80]:
        image = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
        same = engine.segment(image).labels == plain_labels(checkpoint, image)
        assert same.mean() >= 0.9999, path.name


def test_a_batch_has_the_labels_of_its_images_one_by_one(engine):
    images = [street(SIZES[0], 0), street(SIZES[2], 1), street(SIZES[0], 2)]
    together = engine.segment_batch(images, overlay=True, confidence=True)
    for image, found in zip(images, together, strict=True):
        alone = engine.segment(image, overlay=True, confidence=True)
        assert (found.labels == alone.labels).mean() >= 0.9999
        assert np.abs(found.confidence.astype(int) - alone.confidence).max() <= 1
        assert found.overlay.shape == image.shape
        assert found.color is None


def test_a_stream_has_the_labels_of_its_images_in_order(engine):
    images = [street(size) for size in SIZES]
    for image, found in zip(images, engine.segment_stream(images), strict=True):
        np.testing.assert_array_equal(found.labels, engine.segment(image).labels)


def test_images_of_different_sizes_go_together_at_a_working_size(shipped):
    engine = SegmentationEngine.from_checkpoint(shipped, device='cpu', working_size=(64, 80))
    images = [street(size) for size in SIZES]
    together = engine.segment_batch(images)
    assert len({id(found.stage_times_ms) for found in together}) == 1
    for image, found in zip(images, together, strict=True):
        assert (found.labels == engine.segment(image).labels).mean() >= 0.9999


@pytest.mark.parametrize('name', ['heavy', 'light-without-spfm', 'light-without-attention'])
def test_ncnn_gives_the_logits_of_networks_that_differ_in_their_parts(name):
    torch.manual_seed(0)
    network = CSRNet(CONFIGS[name], num_classes=len(CAMVID)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    gray = (110.0, 110.0, 110.0)
    checkpoint = Checkpoint(network.config, CAMVID, gray, gray, network.state_dict())
    backend = NcnnBackend(checkpoint, threads=1)
    for size in SIZES:
        x = torch.randn(2, 3, *size)
        with torch.inference_mode():
            expected = network.logits(x)
        error = (backend.logits(x) - expected).abs().max()
        assert error < 1e-4 * expected.abs().max()


def test_an_empty_batch(engine):
    assert engine.segment_batch([]) == []


def test_auto_takes_the_first_of_the_table(shipped):
    assert SegmentationEngine.from_checkpoint(shipped, device='cpu').backend == ON_CPU[0]


@pytest.mark.parametrize(
    ('name', 'kind', 'words'),
    [
        ('tensorflow', ValueError, "'tensorflow'.*auto, .*openvino"),
        ('cuda-graphs', DeviceError, 'cuda-graphs does not run on cpu; ncnn, openvino'),
    ],
)
def test_a_backend_that_is_not_there(shipped, name, kind, words):
    with pytest.raises(kind, match=words):
        SegmentationEngine.from_checkpoint(shipped, device='cpu', backend=name)


@pytest.fixture
def run_code(tmp_path):
    """A function that runs Python code to its end, in a process whose memory is its own."""

    def run(code: str) -> subprocess.CompletedProcess:
        script = tmp_path / 'code.py'
        script.write_text(code)
        return commands.run(script)

    return run


def without(packages: list[str], weights: Path, backend: str) -> str:
    """Return code that makes an engine where packages are absent, and prints its backend."""
    return f"""
import logging, sys

sys.modules |= dict.fromkeys({packages})  # Python's way to have a module absent
logging.basicConfig(level=logging.INFO, format='%(message)s')
from csrnet_ros.inference import SegmentationEngine
engine = SegmentationEngine.from_checkpoint({str(weights)!r}, device='cpu', backend={backend!r})
print(engine.backend)
"""


def test_auto_does_without_what_is_not_installed_and_says_so(shipped, run_code):
    done = run_code(without(['pnnx', 'openvino', 'onnxruntime'], shipped, 'auto'))
    assert done.stdout == 'torch\n', done.stderr
    assert 'pip install ncnn pnnx' in done.stderr
    assert 'pip install openvino' in done.stderr


def test_a_named_backend_that_is_not_installed(shipped, run_code):
    done = run_code(without(['openvino'], shipped, 'openvino'))
    assert done.returncode == 1
    assert 'DeviceError: backend openvino is not installed (pip install openvino)' in done.stderr


def test_threads_are_a_setting(shipped):
    with pytest.raises(ValueError, match='threads is -1'):
        SegmentationEngine.from_checkpoint(shipped, device='cpu', threads=-1)
    code = f"""
import torch
from csrnet_ros.inference import SegmentationEngine
for threads in (1, 0):
    SegmentationEngine.from_checkpoint(
        {str(shipped)!r}, device='cpu', threads=threads, backend='torch'
    )
    print(torch.get_num_threads())
"""
    done = subprocess.run(
        [sys.executable, '-c', code],
        env=os.environ | {'OMP_NUM_THREADS': '2'},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == '1\n2\n', 'as many as before, if none are asked for'


THREADS_OF = {
    'ncnn': lambda network: network._network.net.opt.num_threads,
    'onnxruntime': lambda network: network._session.get_session_options().intra_op_num_threads,
    'openvino': lambda network: (
        network._compiled((1, 3, 64, 64))
        .get_compiled_model()
        .get_property('INFERENCE_NUM_THREADS')
    ),
}


@pytest.mark.parametrize('backend', THREADS_OF)
def test_other_runtimes_compute_with_as_many_threads(shipped, backend):
    engine = SegmentationEngine.from_checkpoint(shipped, device='cpu', threads=1, backend=backend)
    assert THREADS_OF[backend](engine._network) == 1


@pytest.mark.parametrize('backend', ['ncnn', 'openvino', 'onnxruntime'])
def test_many_sizes_take_no_more_memory_than_a_few(shipped, backend, run_code):
    code = f"""
import gc, numpy, psutil
from csrnet_ros.inference import SegmentationEngine
engine = SegmentationEngine.from_checkpoint(
    {str(shipped)!r}, device='cpu', backend={backend!r}, threads=1
)
for rounds in range(3):
    for step in range(5):
        engine.segment(numpy.zeros((64 + 16 * step, 192 - 16 * step, 3), numpy.uint8))
    gc.collect()
    print(psutil.Process().memory_info().rss)
"""
    done = run_code(code)
    assert done.returncode == 0, done.stderr
    _, second, third = map(int, done.stdout.split())
    assert third - second < 30 * 2**20


@pytest.mark.parametrize('backend', ON_CPU)
def test_a_closed_engine_gives_its_memory_back_to_the_system(shipped, backend, run_code):
    code = f"""
import gc, numpy, psutil, weakref
from csrnet_ros.inference import SegmentationEngine
gc.disable()
engine = SegmentationEngine.from_checkpoint(
    {str(shipped)!r}, device='cpu', backend={backend!r}, threads=1
)
network = weakref.ref(engine._network)
engine.segment(numpy.zeros((720, 960, 3), numpy.uint8), overlay=True)
print(psutil.Process().memory_info().rss)
engine.close()
print(psutil.Process().memory_info().rss)
assert network() is None, 'it waits for the garbage collector'
"""
    done = run_code(code)
    assert done.returncode == 0, done.stderr
    used, closed = map(int, done.stdout.split())
    assert used - closed > 32 * 2**20


def test_openvino_tells_its_makers_nothing(shipped, run_code, tmp_path, home, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))  # so that it converts
    done = run_code(f"""
from csrnet_ros.inference import SegmentationEngine
SegmentationEngine.from_checkpoint({str(shipped)!r}, device='cpu', backend='openvino')
""")
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []


@pytest.mark.gpu
@pytest.mark.parametrize('backend', ['cuda-graphs', 'torch'])
def test_half_precision_on_cuda_labels_as_plain_pytorch(shipped, backend):
    engine = SegmentationEngine.from_checkpoint(shipped, device='cuda', backend=backend)
    checkpoint = load_checkpoint(shipped)
    images = [street(size) for size in SIZES]
    for found in (engine.segment_batch(images), list(engine.segment_stream(images))):
        same = [
            (one.labels == plain_labels(checkpoint, image)).mean()
            for one, image in zip(found, images, strict=True)
        ]
        assert np.mean(same) >= 0.999
