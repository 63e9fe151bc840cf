"""The node, whose engine fails at a white image, and at every image while a file exists.

If the file says ``lost``, the process has lost its device by that, as after an error of CUDA. If
it says ``stuck``, no engine that is built gets ready.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from csrnet_ros.errors import DeviceError
from csrnet_ros.inference import Segmentation, SegmentationEngine
from csrnet_ros.inference.images import Image, as_tensor
from csrnet_ros.node import end_signals, serving_engine
from csrnet_ros.node.segmentation_node import main

broken = Path(sys.argv[1])
labelled = SegmentationEngine.segment_batch
warmed_up = SegmentationEngine.warm_up
is_lost = serving_engine.is_lost


def segment_batch(
    engine: SegmentationEngine, images: Sequence[Image], **wanted: Any
) -> list[Segmentation]:
    """Fail as a GPU does."""
    if broken.exists() and engine.device.type == 'cuda':
        engine._network = OutOfRange(len(engine.labels))
    elif broken.exists():
        raise RuntimeError('CUDA error: an illegal memory access was encountered')
    if any((as_tensor(image) == 255).all() for image in images):
        raise DeviceError('cuda:0 is out of memory')
    return labelled(engine, images, **wanted)


def warm_up(engine: SegmentationEngine, *size_px: int, **options: int) -> None:
    """Wait for ever if the file says so; a signal then need not wait for that as long."""
    if broken.exists() and broken.read_text() == 'stuck':
        end_signals.GRACE_S = 0.1
        threading.Event().wait()
    warmed_up(engine, *size_px, **options)


class OutOfRange:
    """A network with an index out of range: the GPU finds it, and the host learns of it later."""

    memory_format = torch.channels_last

    def __init__(self, classes: int) -> None:
        self._classes = classes

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Break the device."""
        # Of the usual shape, or a kernel for another would be built meanwhile.
        return x[torch.full((1,), len(x), device=x.device), :1].expand(-1, self._classes, -1, -1)


def lost(device: torch.device) -> bool:
    """Return whether the device is lost, on a CPU as the file says."""
    if device.type == 'cuda':
        return is_lost(device)
    return broken.exists() and broken.read_text() == 'lost'


SegmentationEngine.segment_batch = segment_batch  # type: ignore[method-assign]
SegmentationEngine.warm_up = warm_up  # type: ignore[method-assign]
serving_engine.is_lost = lost
sys.exit(main([sys.argv[0], *sys.argv[2:]]))
