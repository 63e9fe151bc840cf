"""The fused kernels against the plain modules: interpreted on the CPU, compiled on a GPU."""

import importlib
import sys

import numpy as np
import pytest
import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.labels import CAMVID, CITYSCAPES, LabelSet
from csrnet_ros.model import load_checkpoint
from csrnet_ros.training.datasets.street import draw_street

triton = pytest.importorskip('triton', reason='needs Triton')

ALL = {'color': True, 'overlay': True, 'confidence': True, 'overlay_opacity': 0.5}
NONE = {'color': False, 'overlay': False, 'confidence': False, 'overlay_opacity': 0.5}


def import_fused():
    return importlib.import_module('csrnet_ros.inference.fused')


@pytest.fixture
def interpreted(monkeypatch):
    """The fused modules, a copy whose kernels Triton interprets on CPU tensors."""
    monkeypatch.setenv('TRITON_INTERPRET', '1')
    for name in ('csrnet_ros.inference.kernels', 'csrnet_ros.inference.fused'):
        monkeypatch.setitem(sys.modules, name, None)  # so that what is there now comes back
        del sys.modules[name]
    return import_fused()


def labels_of(classes: int) -> LabelSet:
    colors = np.random.RandomState(classes).randint(0, 256, (classes, 3)).tolist()
    return LabelSet('some', tuple(map(str, range(classes))), tuple(map(tuple, colors)))


def logits_and_image(classes, small, size, *, device='cpu', dtype=torch.float32):
    """Return logits (1, classes, *small), channels last, and an image (*size, 3)."""
    torch.manual_seed(0)
    logits = 4 * torch.randn(1, classes, *small, device=device, dtype=dtype)
    image = torch.randint(0, 256, (*size, 3), dtype=torch.uint8, device=device)
    return logits.contiguous(memory_format=torch.channels_last), image


def assert_same_outputs(found, plain, logits, size, *, rounding=1e-4):
    """Outputs must be the same, save where two classes tie within rounding."""
    full = torch.nn.functional.interpolate(logits.double(), size, mode='bilinear')[0]
    top = full.topk(2, dim=0).values
    clear = top[0] - top[1] > rounding
    assert clear.float().mean() > 0.99
    assert found.keys() == plain.keys()
    for name, tensor in plain.items():
        assert (found[name].dtype, found[name].shape) == (torch.uint8, tensor.shape), name
        apart = (found[name].int() - tensor.int()).abs()[clear].max()
        assert apart <= (name not in ('labels', 'color')), name


@pytest.mark.parametrize(
    ('small', 'size'),
    [
        ((5, 7), (20, 28)),
        ((6, 9), (21, 33)),
        ((4, 4), (37, 11)),
        ((9, 8), (9, 8)),
        ((8, 9), (5, 3)),
    ],
)
@pytest.mark.parametrize('classes', [2, 11, 30])
def test_postprocessing_is_the_plain_one(interpreted, classes, small, size):
    labels = labels_of(classes)
    logits, image = logits_and_image(classes, small, size)
    found = interpreted.FusedPostprocess(labels)(logits, image, **ALL)
    assert_same_outputs(found, Postprocess(labels)(logits, image, **ALL), logits, size)


def test_logits_of_any_strides_and_in_half_precision(interpreted):
    logits, image = logits_and_image(11, (5, 6), (20, 24), dtype=torch.float16)
    padded = torch.zeros(1, 16, 6, 8, dtype=torch.float16)
    padded[:, 2:13, :5, 1:7] = logits
    post = interpreted.FusedPostprocess(CAMVID)
    expected = post(logits, image, **ALL)
    for same in (logits.contiguous(), padded[:, 2:13, :5, 1:7]):
        assert same.stride() != logits.stride()
        for name, tensor in post(same, image, **ALL).items():
            torch.testing.assert_close(tensor, expected[name], rtol=0, atol=0)


def test_the_first_of_equal_classes_wins(interpreted):
    logits, image = logits_and_image(3, (4, 4), (16, 16))
    logits[:, 1:] = logits[:, :1]
    found = interpreted.FusedPostprocess(CAMVID)(logits, image, **ALL)
    assert found['labels'].max() == 0
    assert found['confidence'].unique().tolist() == [85]


@pytest.mark.parametrize('wanted', ['color', 'overlay', 'confidence', None])
def test_what_is_not_asked_for_is_not_made(interpreted, wanted):
    logits, image = logits_and_image(11, (4, 5), (16, 20))
    found = interpreted.FusedPostprocess(CAMVID)(
        logits, image, **NONE | {wanted or 'color': bool(wanted)}
    )
    assert list(found) == ['labels'] + ([wanted] if wanted else [])


@pytest.mark.parametrize('opacity', [0, 0.3, 1])
def test_the_overlay_mixes_as_told(interpreted, opacity):
    logits, image = logits_and_image(11, (4, 5), (16, 20))
    wanted = ALL | {'overlay_opacity': opacity}
    found = interpreted.FusedPostprocess(CAMVID)(logits, image, **wanted)
    mixed = (1 - opacity) * image.double() + opacity * found['color'].double()
    assert (found['overlay'] - mixed).abs().max() < 0.501


@pytest.mark.parametrize('working_size', [None, (64, 80), (30, 41)])
@pytest.mark.parametrize('size', [(33, 47), (64, 80)])
def test_preprocessing_is_the_plain_one(interpreted, weights, working_size, size):
    checkpoint = load_checkpoint(weights)
    _, image = logits_and_image(2, (1, 1), size)
    found = interpreted.FusedPreprocess(checkpoint, working_size=working_size)(image)
    assert found.is_contiguous(memory_format=torch.channels_last)
    plain = Preprocess(checkpoint, working_size=working_size)(image)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-4)


def test_preprocessing_in_half_precision(interpreted, weights):
    checkpoint = load_checkpoint(weights)
    _, image = logits_and_image(2, (1, 1), (40, 60))
    pre = interpreted.FusedPreprocess(checkpoint, working_size=(30, 41)).half()
    plain = Preprocess(checkpoint, working_size=(30, 41))(image)
    assert pre(image).dtype == torch.float16
    torch.testing.assert_close(pre(image).float(), plain, rtol=1e-3, atol=1e-3)


# What the modules give the kernels, for GPUs that this machine need not have.
SCALES = {'down_scale': 'fp32', 'across_scale': 'fp32'}
PREPROCESS = SCALES | {'image': '*u8', 'mean': '*fp16', 'std': '*fp16', 'x': '*fp16'}
POSTPROCESS = SCALES | {'logits': '*fp16', 'opacity': 'fp32'}
POSTPROCESS |= dict.fromkeys(
    ('image', 'palette', 'labels', 'confidence', 'color', 'overlay'), '*u8'
)
LABELS_ONLY = dict.fromkeys(('confidence', 'color', 'overlay'))


@pytest.mark.parametrize('capability', [75, 87, 90])
@pytest.mark.parametrize(
    ('name', 'types', 'constants'),
    [
        ('preprocess_kernel', PREPROCESS, {}),
        ('postprocess_kernel', POSTPROCESS, {'channels': 19}),
        ('postprocess_kernel', POSTPROCESS, {'channels': 11} | LABELS_ONLY),
    ],
)
def test_kernels_compile(monkeypatch, tmp_path, name, types, constants, capability):
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))
    kernels = importlib.import_module('csrnet_ros.inference.kernels')
    constants = constants | {'block': kernels.BLOCK}
    kernel = getattr(kernels, name)
    signature = {argument: types.get(argument, 'i32') for argument in kernel.arg_names}
    signature |= dict.fromkeys(constants, 'constexpr')
    source = ASTSource(kernel, signature, constexprs=constants)
    target = GPUTarget('cuda', capability, 32)
    compiled = triton.compile(source, target=target, options={'enable_fp_fusion': True})
    assert compiled.asm['cubin']


@pytest.mark.gpu
@pytest.mark.parametrize('wanted', [ALL, NONE])
@pytest.mark.parametrize('size', [(1024, 2048), (720, 960), (181, 243)])
def test_postprocessing_on_a_gpu(size, wanted):
    small = tuple((side + 3) // 4 for side in size)
    logits, image = logits_and_image(19, small, size, device='cuda', dtype=torch.float16)
    found = import_fused().FusedPostprocess(CITYSCAPES).cuda()(logits, image, **wanted)
    # In single precision, since rounding full-size logits to half makes ties.
    plain = Postprocess(CITYSCAPES).cuda()(logits.float(), image, **wanted)
    assert_same_outputs(found, plain, logits, size)


@pytest.mark.gpu
@pytest.mark.parametrize('working_size', [None, (512, 1024), (300, 407)])
def test_preprocessing_on_a_gpu(weights, working_size):
    checkpoint = load_checkpoint(weights)
    image = torch.from_numpy(draw_street(0, seed=0, height_px=720, width_px=960)[0]).cuda()
    fused = import_fused().FusedPreprocess(checkpoint, working_size=working_size).cuda().half()
    plain = Preprocess(checkpoint, working_size=working_size).cuda()
    torch.testing.assert_close(fused(image).float(), plain(image), rtol=1e-3, atol=1e-3)
