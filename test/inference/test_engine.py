"""The engine against the bare network, and what it says when it cannot work."""

import numpy as np
import pytest
import torch

from csrnet_ros.errors import CheckpointError, DeviceError, ImageError
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.labels import CAMVID
from csrnet_ros.media.encodings import RawImage
from csrnet_ros.model import load_checkpoint
from csrnet_ros.model.layers import resize_bilinear
from csrnet_ros.training.datasets.street import draw_street


@pytest.fixture(scope='module')
def engine(weights):
    return SegmentationEngine.from_checkpoint(weights, device='cpu')


@pytest.fixture(scope='module')
def image():
    return draw_street(0, seed=0, height_px=90, width_px=123)[0]


def expected_logits(path, image, working_size=None):
    """Return the logits (classes, H, W) by the network alone, in the plainest way."""
    checkpoint = load_checkpoint(path)
    mean, std = torch.tensor(checkpoint.mean), torch.tensor(checkpoint.std)
    x = ((torch.from_numpy(image).float() - mean) / std).permute(2, 0, 1)[None]
    if working_size:
        x = resize_bilinear(x, working_size)
    with torch.inference_mode():
        return resize_bilinear(checkpoint.build().logits(x), image.shape[:2])[0]


def assert_same_labels(found, logits):
    """Labels must be the argmax, save where two classes tie within rounding."""
    expected = logits.argmax(dim=0).numpy()
    top = logits.topk(2, dim=0).values
    clear = ((top[0] - top[1]) > 1e-3).numpy()
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found[clear], expected[clear])


def test_labels_are_the_networks(engine, weights, image):
    result = engine.segment(image)
    assert (result.labels.shape, result.labels.dtype) == (image.shape[:2], np.uint8)
    assert_same_labels(result.labels, expected_logits(weights, image))


def test_what_is_not_asked_for_is_not_made(engine, image):
    result = engine.segment(image)
    assert (result.color, result.overlay, result.confidence) == (None, None, None)


def test_color_overlay_and_confidence(engine, weights, image):
    result = engine.segment(image, color=True, overlay=True, confidence=True, overlay_opacity=0.25)
    colors = CAMVID.palette[result.labels]
    np.testing.assert_array_equal(result.color, colors)
    mixed = 0.75 * image.astype(float) + 0.25 * colors
    assert np.abs(result.overlay - mixed).max() <= 0.51
    probability = expected_logits(weights, image).softmax(dim=0).amax(dim=0).numpy()
    assert np.abs(result.confidence - 255 * probability).max() < 0.6
    assert result.confidence.std() > 1


def test_a_working_size_changes_the_work_not_the_size_of_the_answer(weights, image):
    engine = SegmentationEngine.from_checkpoint(weights, device='cpu', working_size=(64, 80))
    labels = engine.segment(image).labels
    assert labels.shape == image.shape[:2]
    assert_same_labels(labels, expected_logits(weights, image, (64, 80)))


def test_images_of_any_layout_in_memory(engine, image):
    expected = engine.segment(image).labels
    flipped = np.ascontiguousarray(image[..., ::-1])[..., ::-1]
    assert not flipped.flags.c_contiguous
    np.testing.assert_array_equal(engine.segment(flipped).labels, expected)
    read_only = image.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(engine.segment(read_only).labels, expected)


@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)])
def test_a_raw_image_is_labelled_as_the_rgb_image_that_it_holds(weights, image, device):
    engine = SegmentationEngine.from_checkpoint(weights, device=device)
    height, width = image.shape[:2]
    padded = np.pad(image[..., ::-1], ((0, 0), (0, 1), (0, 0)))
    raw = RawImage('bgr8', height, width, 3 * (width + 1), padded.tobytes())
    expected = engine.segment(image, overlay=True)
    for found in engine.segment_batch([raw, image], overlay=True):
        assert (found.labels == expected.labels).mean() > 0.999
        assert (found.overlay == expected.overlay).mean() > 0.999
    with pytest.raises(ImageError, match='32x90.*at least 64'):
        engine.segment(RawImage('mono8', 32, 90, 90, bytes(32 * 90)))
    with pytest.raises(ImageError, match='holds 100 bytes'):
        engine.segment(RawImage('mono8', 90, 90, 90, bytes(100)))


def test_results_belong_to_the_caller(engine, image):
    first = engine.segment(image, overlay=True)
    kept = first.labels.copy(), first.overlay.copy()
    engine.segment(np.zeros_like(image), overlay=True)
    np.testing.assert_array_equal(first.labels, kept[0])
    np.testing.assert_array_equal(first.overlay, kept[1])


def test_sizes_may_change_from_frame_to_frame(engine):
    for size in ((64, 64), (90, 123), (64, 200)):
        assert engine.segment(np.zeros((*size, 3), np.uint8)).labels.shape == size


def test_every_stage_is_timed(engine, image):
    times = engine.segment(image).stage_times_ms
    assert list(times) == ['preprocess', 'network', 'postprocess']
    assert all(value > 0 for value in times.values())


def test_what_it_says_of_itself(engine):
    assert (engine.variant, engine.precision, engine.device.type) == ('light', 'float32', 'cpu')
    assert engine.labels == CAMVID
    assert engine.memory_mb() is None


@pytest.mark.parametrize(
    ('image', 'words'),
    [
        (np.zeros((64, 64), np.uint8), r'\(64, 64\)'),
        (np.zeros((64, 64, 4), np.uint8), r'\(64, 64, 4\)'),
        (np.zeros((64, 64, 3), np.float32), 'float32'),
        (np.zeros((63, 90, 3), np.uint8), '63x90.*at least 64'),
    ],
)
def test_an_image_it_cannot_take(engine, image, words):
    with pytest.raises(ImageError, match=words):
        engine.segment(image)


def test_wrong_settings(weights, tmp_path):
    with pytest.raises(DeviceError, match="'tpu'"):
        SegmentationEngine.from_checkpoint(weights, device='tpu')
    with pytest.raises(ValueError, match='working_size'):
        SegmentationEngine.from_checkpoint(weights, working_size=(32, 64))
    with pytest.raises(CheckpointError, match='no such weights file'):
        SegmentationEngine.from_checkpoint(tmp_path / 'none.safetensors')


@pytest.mark.gpu
def test_half_precision_on_a_gpu_agrees(weights, image):
    on_gpu = SegmentationEngine.from_checkpoint(weights, device='cuda')
    assert on_gpu.precision == 'float16'
    result = on_gpu.segment(image, overlay=True)
    logits = expected_logits(weights, image)
    assert (result.labels == logits.argmax(dim=0).numpy()).mean() > 0.98
    assert {'upload', 'download'} < set(result.stage_times_ms)
    assert on_gpu.memory_mb() > 0


@pytest.mark.gpu
def test_a_gpu_without_room_says_so(weights):
    on_gpu = SegmentationEngine.from_checkpoint(weights, device='cuda')
    limit = torch.cuda.memory_reserved() / torch.cuda.mem_get_info()[1]
    torch.cuda.set_per_process_memory_fraction(limit)
    try:
        with pytest.raises(DeviceError, match='out of memory'):
            on_gpu.segment(np.zeros((2160, 3840, 3), np.uint8))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert on_gpu.segment(np.zeros((64, 64, 3), np.uint8)).labels.shape == (64, 64)
