"""csrnet-export as a user runs it, and its files as another program uses them."""

import json
import resource
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch.utils.cpp_extension import CUDA_HOME

import commands
from csrnet_ros.cli import export as cli_export
from csrnet_ros.cli.export import MOST_CALIBRATION, calibration_images
from csrnet_ros.devices import find_device
from csrnet_ros.errors import DeviceError, ExportError
from csrnet_ros.extras import load_extra
from csrnet_ros.inference import SegmentationEngine, available_weights
from csrnet_ros.inference.backends.openvino import int8_key
from csrnet_ros.inference.builds import find_build, keep_build
from csrnet_ros.inference.export import Export, aoti
from csrnet_ros.inference.export.tensorrt import RANGE
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import CONFIGS, CSRNet, load_checkpoint, save_checkpoint
from csrnet_ros.training.datasets.street import draw_street
from csrnet_ros.training.initial_weights import adopt_weights

openvino = load_extra('openvino', package='openvino')

HEIGHT, WIDTH = 91, 124  # of which neither the SPFM's grids nor the strides are even parts

Answer = tuple[Path, CompletedProcess]


@pytest.fixture(scope='module')
def shipped() -> Path:
    """Trained weights: an untrained network's classes are nearly as likely as each other."""
    return next(path for path in available_weights() if 'light_camvid' in path.name)


def street(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return an image."""
    return draw_street(number, seed=5, height_px=height, width_px=width)[0]


@pytest.fixture(scope='module')
def exported(shipped, tmp_path_factory):
    """A function that exports the shipped weights, and says where to and what the command said."""

    def run(name: str, *arguments: object, weights: Path = shipped) -> Answer:
        out = tmp_path_factory.mktemp('export') / name
        return out, commands.run('export', '--weights', weights, '--out', out, *arguments)

    return run


@pytest.fixture(scope='module')
def plain(shipped) -> SegmentationEngine:
    """What labels by plain PyTorch."""
    return plain_engine(shipped)


def plain_engine(weights: Path) -> SegmentationEngine:
    return SegmentationEngine.from_checkpoint(weights, device='cpu', backend='torch')


@pytest.fixture(scope='module')
def lean(shipped, tmp_path_factory) -> Path:
    """The shipped weights without an SPFM: half the work for what takes PyTorch longest.

    The tests of the backends convert the whole network.
    """
    torch.manual_seed(0)
    checkpoint = load_checkpoint(shipped)
    network = CSRNet(CONFIGS['light-without-spfm'], num_classes=len(checkpoint.labels))
    adopt_weights(network, checkpoint, labels=checkpoint.labels)
    path = tmp_path_factory.mktemp('lean') / 'lean.safetensors'
    config, weights = network.config, network.state_dict()
    save_checkpoint(path, replace(checkpoint, config=config, weights=weights))
    return path


def agrees(found: np.ndarray, images: list[np.ndarray], plain: SegmentationEngine) -> bool:
    """Whether labels (N, H, W) are the engine's."""
    wanted = np.stack([plain.segment(image).labels for image in images])
    assert found.shape == wanted.shape
    assert found.dtype == np.uint8
    return (found == wanted).mean() >= 0.9999


def test_openvino_with_io_labels_images_of_one_size(exported, plain):
    size = f'{HEIGHT}x{WIDTH}'
    out, done = exported('a.xml', '--format', 'openvino', '--size', size, '--with-io')
    assert done.returncode == 0, done.stderr
    assert '% of 11284 pixels have the label that PyTorch gives' in done.stdout
    network = openvino.Core().compile_model(out, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    assert (network.input().any_name, network.output().any_name) == ('image', 'labels')
    assert agrees(network(street(0)[None])[0], [street(0)], plain)
    assert sorted(path.name for path in out.parent.iterdir()) == ['a.bin', 'a.xml']


def test_onnx_with_io_labels_any_number_of_images_of_any_size(exported, lean):
    out, done = exported('a.onnx', '--format', 'onnx', '--with-io', weights=lean)
    assert done.returncode == 0, done.stderr
    plain = plain_engine(lean)
    session = onnxruntime.InferenceSession(out, providers=['CPUExecutionProvider'])
    for height, width in ((HEIGHT, WIDTH), (64, 96)):
        images = [street(number, height, width) for number in range(2)]
        (found,) = session.run(['labels'], {'image': np.stack(images)})
        assert agrees(found, images, plain)
    model = onnx.load(out)
    takers = [node.op_type for node in model.graph.node if 'image' in node.input]
    assert takers == ['Cast']  # TensorRT takes uint8 for nothing else
    told = {prop.key: prop.value for prop in model.metadata_props}
    labels = load_checkpoint(lean).labels
    assert json.loads(told['csrnet_ros.classes']) == list(labels.classes)
    assert json.loads(told['csrnet_ros.colors']) == labels.palette.tolist()


def test_openvino_without_io_gives_logits(exported, shipped, plain):
    out, done = exported('a.xml', '--format', 'openvino')
    assert done.returncode == 0, done.stderr
    model = openvino.Core().read_model(out)
    mean, std = (
        np.array(json.loads(model.get_rt_info(['csrnet_ros', name]).astype(str)), np.float32)
        for name in ('mean', 'std')
    )
    x = ((street(0) - mean) / std).transpose(2, 0, 1)[None]
    network = openvino.Core().compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    logits = torch.from_numpy(network(x)[0])
    assert logits.shape[2:] == (-(-HEIGHT // 4), -(-WIDTH // 4))
    full = torch.nn.functional.interpolate(logits, (HEIGHT, WIDTH), mode='bilinear')
    assert agrees(full.argmax(1).numpy().astype(np.uint8), [street(0)], plain)


def test_aotinductor_labels_images_of_one_size(exported, lean):
    if find_device().type == 'cuda' and CUDA_HOME is None:
        pytest.skip('compiling for a GPU needs the CUDA toolkit, and PyTorch finds none')
    fixed = ('--size', '64x96', '--with-io')
    out, done = exported('a.pt2', '--format', 'aoti', *fixed, weights=lean)
    assert done.returncode == 0, done.stderr
    plain = plain_engine(lean)
    package = torch._inductor.aoti_load_package(str(out))
    image = street(0, 64, 96)
    found = package(torch.from_numpy(image)[None].to(find_device())).cpu().numpy()
    assert (found[0] == plain.segment(image).labels).mean() >= 0.999


def test_a_gpu_without_the_cuda_toolkit_is_told_what_aotinductor_needs(
    lean, monkeypatch, tmp_path
):
    monkeypatch.setattr(aoti, 'find_device', lambda: torch.device('cuda:0'))
    monkeypatch.setattr(aoti, 'CUDA_HOME', None)
    with pytest.raises(ExportError, match='the CUDA toolkit.*CUDA_HOME.*for the CPU'):
        aoti.write(load_checkpoint(lean), Export('aoti'), tmp_path / 'a.pt2')


def test_8_bits_are_used_by_the_backend_of_that_name(
    exported, shipped, plain, tmp_path, home, small_camvid
):
    with pytest.raises(DeviceError, match='no 8-bit build .* csrnet-export'):
        SegmentationEngine.from_checkpoint(shipped, device='cpu', backend='openvino-int8')
    for number in range(6):
        save_image(tmp_path / f'{number}.png', street(number, 128, 192))
    (tmp_path / 'notes.txt').write_text('no image')
    (tmp_path / 'torn.png').write_bytes(b'half an image')
    out, done = exported('a.xml', '--format', 'openvino-int8', '--calibrate', tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'torn.png: not a readable image' in done.stderr
    assert list(home.iterdir()) == []
    assert out.with_suffix('.bin').stat().st_size < 20e6  # of 49 MB in float32
    engine = SegmentationEngine.from_checkpoint(shipped, device='cpu', backend='openvino-int8')
    found, wanted = (one.segment(street(9, 128, 192)).labels for one in (engine, plain))
    assert 0.9 < (found == wanted).mean() < 1
    figures = tmp_path / 'figures.json'
    measured = ('--root', small_camvid, '--weights', shipped, '--json', figures)
    done = commands.run('eval', '--backend', 'openvino-int8', '--device', 'cpu', *measured)
    assert done.returncode == 0, done.stderr
    told = json.loads(figures.read_text())['labelled']
    assert told == 'in int8 on cpu with the backend openvino-int8'


@pytest.mark.parametrize('extra', [0, 1, MOST_CALIBRATION])
def test_calibration_takes_as_many_images_as_it_says_evenly_chosen(tmp_path, extra):
    count = MOST_CALIBRATION + extra
    for number in range(count):
        save_image(tmp_path / f'{number:03}.png', np.full((64, 64, 3), number, np.uint8))
        (tmp_path / f'{number:03}.json').write_text('{}')
    numbers = [int(image[0, 0, 0]) for image in calibration_images(tmp_path, None)]
    assert len(numbers) == MOST_CALIBRATION
    assert {after - before for before, after in pairwise(numbers)} <= {1, 2}
    assert numbers[0] == 0
    assert numbers[-1] >= count - 2


def test_a_file_that_labels_otherwise_is_not_kept(exported, lean, tmp_path):
    key = int8_key(load_checkpoint(lean))
    keep_build(key, lambda folder: (folder / 'earlier').write_text('8 bits'), what='a test')
    save_image(tmp_path / 'black.png', np.zeros((64, 64, 3), np.uint8))
    out, done = exported(
        'a.xml', '--format', 'openvino-int8', '--calibrate', tmp_path, weights=lean
    )
    assert done.returncode == 1
    assert 'and 95 % are the least; nothing was written' in done.stderr
    assert 'more images' in done.stderr
    assert list(out.parent.iterdir()) == []
    assert (find_build(key) / 'earlier').read_text() == '8 bits'


def test_a_full_disk_is_said_in_a_sentence(lean, tmp_path):
    out = tmp_path / 'there' / 'a.xml'
    run = commands.Running(
        'export', '--weights', lean, '--format', 'openvino', '--size', '64x96', '--out', out
    )
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    done = run.end()
    assert done.returncode == 1
    assert 'error: a.xml: OpenVINO cannot write it' in done.stderr
    assert 'Traceback' not in done.stderr
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ('name', 'arguments', 'status', 'words'),
    [
        ('a.onnx', ('--format', 'openvino'), 1, 'format openvino ends in .xml'),
        ('a.xml', ('--format', 'openvino-int8'), 1, 'name a folder of them with --calibrate'),
        ('a.onnx', ('--format', 'onnx', '--calibrate', '.'), 2, 'is for openvino-int8'),
        ('a.xml', ('--format', 'openvino-int8', '--calibrate', '7'), 2, '7: no such folder'),
        ('a.onnx', ('--format', 'onnx', '--size', '32x99'), 2, 'each at least 64'),
        ('a.onnx', ('--format', 'onnx', '--size', '640'), 2, 'expected HEIGHTxWIDTH'),
        ('a.engine', ('--format', 'tensorrt'), 1, 'pip install "tensorrt<11"'),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(exported, name, arguments, status, words):
    if name == 'a.engine' and find_spec('tensorrt'):
        pytest.skip('tensorrt is installed')
    out, done = exported(name, *arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert 'Traceback' not in done.stderr
    assert not out.exists()


def test_the_help_knows_what_tensorrt_is_limited_to():
    number, height, width = RANGE[-1]
    assert f'at most {number} images of at most {height}x{width} pixels' in cli_export.__doc__


def test_all_packages_that_are_missing_are_named_at_once(lean, tmp_path):
    script = tmp_path / 'without.py'
    script.write_text("""
import sys

sys.modules |= dict.fromkeys(['onnx', 'onnxscript'])  # Python's way to have a module absent
from csrnet_ros.cli.export import main
sys.exit(main())
""")
    out = tmp_path / 'a.onnx'
    done = commands.run(script, '--weights', lean, '--format', 'onnx', '--out', out)
    assert done.returncode == 1
    assert 'pip install onnx onnxscript' in done.stderr


@pytest.mark.parametrize(
    ('name', 'default'), [('openvino', 'lean.xml'), ('openvino-int8', 'lean_int8.xml')]
)
def test_no_two_formats_have_a_default_name_in_common(lean, monkeypatch, tmp_path, name, default):
    (tmp_path / default).mkdir()
    monkeypatch.chdir(tmp_path)
    done = commands.run('export', '--weights', lean, '--format', name)
    assert done.returncode == 1
    assert f"Is a directory: '{default}'" in done.stderr


@pytest.mark.parametrize(
    ('file', 'size', 'words'),
    [
        (None, '128x96', 'no images in this folder'),
        ((64, 64), '128x96', 'an image of 64x64 pixels, and --size asks for 128x96'),
        ((32, 99), 'dynamic', 'a.png: an image of 32x99 pixels'),
    ],
)
def test_images_that_do_not_fit(exported, tmp_path, file, size, words):
    if file:
        save_image(tmp_path / 'a.png', np.zeros((*file, 3), np.uint8))
    _, done = exported(
        'a.xml', '--format', 'openvino-int8', '--calibrate', tmp_path, '--size', size
    )
    assert done.returncode == 1
    assert words in done.stderr
