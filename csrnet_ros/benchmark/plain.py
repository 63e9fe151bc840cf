"""A network as a user would run it who writes the few lines around it by hand."""

import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from csrnet_ros.extras import load_extra
from csrnet_ros.inference.convert import to_ncnn
from csrnet_ros.inference.timing import CpuClock, CudaClock
from csrnet_ros.model.layers import resize_bilinear

Network = Callable[[Tensor], Tensor]
"""From normalised images (N, 3, H, W) to logits (N, classes, h, w) of any size."""

Statistics = tuple[float, float, float]


class PlainRunner:
    """Labels images of one size in float32, without anything that makes it faster.

    :param mean: of each channel, in pixel values
    :param std: of each channel, in pixel values
    :param multiple_px: zeros fill the input up to sides that are multiples of this
    :param memory_format: of the input; by default PyTorch's own, in which torchvision's
        ``to_tensor`` gives images
    """

    def __init__(
        self,
        network: Network,
        *,
        mean: Statistics,
        std: Statistics,
        device: torch.device,
        multiple_px: int = 1,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self._network = network
        self._mean = torch.tensor(mean, device=device)[:, None, None]
        self._std = torch.tensor(std, device=device)[:, None, None]
        self._device = device
        self._multiple_px = multiple_px
        self._memory_format = memory_format
        self._clock = CudaClock() if device.type == 'cuda' else CpuClock()

    @torch.inference_mode()
    def run(self, images: Sequence[np.ndarray]) -> dict[str, float]:
        """Label RGB images, uint8 (H, W, 3), and return the milliseconds of each stage."""
        self.label(images)
        return self._clock.times_ms()

    @torch.inference_mode()
    def label(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return the labels of RGB images, uint8 (H, W, 3), as uint8 (N, H, W)."""
        height, width = images[0].shape[:2]
        with self._clock.stage('preprocess'):
            batch = torch.from_numpy(np.stack(images)).to(self._device).permute(0, 3, 1, 2)
            right, below = (padded(side, self._multiple_px) - side for side in (width, height))
            x = pad((batch - self._mean) / self._std, (0, right, 0, below))
            x = x.contiguous(memory_format=self._memory_format)
        with self._clock.stage('network'):
            logits = self._network(x)
        with self._clock.stage('postprocess'):
            # On a CPU argmax is many times as slow over channels that lie apart, and who gets
            # which layout is chance: all get the fast one.
            logits = logits.contiguous(memory_format=torch.channels_last)
            full = resize_bilinear(logits, (x.shape[-2], x.shape[-1]))
            labels = full[..., :height, :width].argmax(dim=1).to(torch.uint8)
        return labels.cpu().numpy()


def padded(side_px: int, multiple_px: int) -> int:
    """Return the smallest multiple that is no shorter than a side."""
    return side_px + -side_px % multiple_px


def openvino_network(network: nn.Module, example: Tensor) -> Network:
    """Return a network converted by OpenVINO for the shape of ``example``, float32.

    It gets as many threads as PyTorch has.

    :raises MissingPackageError: if OpenVINO is not installed
    """
    openvino: Any = load_extra('openvino', package='openvino')
    with warnings.catch_warnings():
        # Tracing warns of everything that it takes for constant, as for one shape it may.
        warnings.simplefilter('ignore')
        model = openvino.convert_model(network, example_input=example, input=[*example.shape])
    options = {
        'PERFORMANCE_HINT': 'LATENCY',
        'INFERENCE_PRECISION_HINT': 'f32',
        'INFERENCE_NUM_THREADS': torch.get_num_threads(),
    }
    compiled = openvino.Core().compile_model(model, 'CPU', options)
    return lambda x: torch.from_numpy(compiled(x.numpy())[0])


def ncnn_network(network: nn.Module, example: Tensor) -> Network:
    """Return a network converted for ncnn and the shape of ``example``, float32.

    It gets as many threads as PyTorch has.

    :raises MissingPackageError: if ncnn or pnnx, its converter, is not installed
    """
    load_extra('ncnn', package='ncnn')
    from csrnet_ros.inference.backends.ncnn import NcnnNetwork

    with tempfile.TemporaryDirectory() as folder:
        to_ncnn(network, Path(folder), (1, *example.shape[1:]))
        return NcnnNetwork(Path(folder))
