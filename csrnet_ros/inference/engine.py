"""The engine: a checkpoint on a device, ready to label images."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.devices import find_device
from csrnet_ros.errors import DeviceError, ImageError
from csrnet_ros.inference.deploy import runnable
from csrnet_ros.inference.graphs import graphed
from csrnet_ros.inference.stages import stages_for
from csrnet_ros.inference.stream import Stream
from csrnet_ros.inference.transfer import CudaTransfer, HostTransfer
from csrnet_ros.model import MIN_SIDE_PX, Checkpoint, load_checkpoint


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What the engine found in one image; every array has the image's height and width.

    :param labels: uint8 (H, W), the class of each pixel
    :param stage_times_ms: milliseconds of each stage: upload, preprocess, network, postprocess,
        download; a CPU has neither upload nor download. In a stream on CUDA, stages of frames
        next to each other overlap: their sum is neither the latency nor the time between frames
    :param confidence: uint8 (H, W), the class's probability times 255; None if not asked for
    :param color: uint8 (H, W, 3) RGB, the class's colour; None if not asked for
    :param overlay: uint8 (H, W, 3) RGB, the image under the colours; None if not asked for
    """

    labels: np.ndarray
    stage_times_ms: dict[str, float]
    confidence: np.ndarray | None = None
    color: np.ndarray | None = None
    overlay: np.ndarray | None = None


class SegmentationEngine:
    """Labels RGB images with a trained CSRNet. Not for use from several threads at once.

    On a CUDA device the network runs in half precision unless told otherwise, as a CUDA graph of
    each input size; frames go up and results come down through pinned memory on streams of their
    own. On a CPU it runs in float32, whatever ``half`` says; the labels are the same within
    rounding.

    :param device: auto (CUDA where there is one, else the CPU), cpu, cuda, or cuda:N
    :param half: half precision on CUDA
    :param working_size: (height, width) in pixels that images are brought to for the network, at
        least 64 each; smaller is faster and less accurate; None for each image's own size
    :param graphs: CUDA graphs on CUDA; without, sizes that change with every image cost less
    :raises DeviceError: if the device is unknown, absent, or has too little memory
    :raises ValueError: if the working size is too small
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: str = 'auto',
        half: bool = True,
        working_size: tuple[int, int] | None = None,
        graphs: bool = True,
    ) -> None:
        if working_size is not None and min(working_size) < MIN_SIDE_PX:
            raise ValueError(
                f'working_size is {working_size}; each side needs at least {MIN_SIDE_PX} pixels'
            )
        self.device = find_device(device)
        self.labels = checkpoint.labels
        self.variant = checkpoint.config.name
        dtype = torch.float16 if half and self.device.type == 'cuda' else torch.float32
        self.precision = str(dtype).removeprefix('torch.')
        on_cuda = self.device.type == 'cuda'
        with _memory_errors_named(self.device):
            network = runnable(checkpoint).to(self.device, dtype)
            network.to(memory_format=torch.channels_last)
            self._logits = graphed(network.logits) if on_cuda and graphs else network.logits
            self._preprocess, self._postprocess = stages_for(
                checkpoint, device=self.device, dtype=dtype, working_size=working_size
            )
        self._transfer = CudaTransfer(self.device) if on_cuda else HostTransfer()

    @classmethod
    def from_checkpoint(
        cls,
        path: Path | str,
        *,
        device: str = 'auto',
        half: bool = True,
        working_size: tuple[int, int] | None = None,
        graphs: bool = True,
    ) -> 'SegmentationEngine':
        """Return an engine with the weights of a file.

        :raises CheckpointError: if the file is missing, damaged or foreign
        """
        return cls(
            load_checkpoint(path),
            device=device,
            half=half,
            working_size=working_size,
            graphs=graphs,
        )

    def segment(
        self,
        image: np.ndarray,
        *,
        color: bool = False,
        overlay: bool = False,
        confidence: bool = False,
        overlay_opacity: float = 0.5,
    ) -> Segmentation:
        """Label one image.

        :param image: RGB uint8 (H, W, 3), each side at least 64 pixels
        :param overlay_opacity: share of the colours in the overlay, 0 to 1
        :raises ImageError: if the image is not of that type, shape and size
        :raises DeviceError: if the device runs out of memory
        """
        return self._begin(
            image,
            partial(
                self._postprocess,
                color=color,
                overlay=overlay,
                confidence=confidence,
                overlay_opacity=overlay_opacity,
            ),
        )()

    def segment_stream(
        self,
        images: Iterable[np.ndarray],
        *,
        color: bool = False,
        overlay: bool = False,
        confidence: bool = False,
        overlay_opacity: float = 0.5,
    ) -> Iterator[Segmentation]:
        """Label images one after the other, as ``segment`` does; on CUDA the work overlaps.

        One image is taken ahead of its turn on CUDA. An error is raised in the turn of the image
        that it is about; who catches it can go on with ``next``.
        """
        postprocess = partial(
            self._postprocess,
            color=color,
            overlay=overlay,
            confidence=confidence,
            overlay_opacity=overlay_opacity,
        )
        return Stream(
            images,
            begin=lambda image: self._begin(image, postprocess),
            ahead=self._transfer.ahead,
        )

    @torch.inference_mode()
    def _begin(
        self, image: np.ndarray, postprocess: Callable[[Tensor, Tensor], dict[str, Tensor]]
    ) -> Callable[[], Segmentation]:
        """Start the work on an image, and return what waits for its result."""
        check_image(image)
        clock = self._transfer.clock()
        with _memory_errors_named(self.device):
            frame = self._transfer.upload(np.require(image, requirements=['C', 'W']), clock)
            with self._transfer.computing():
                with clock.stage('preprocess'):
                    x = self._preprocess(frame)
                with clock.stage('network'):
                    logits = self._logits(x)
                with clock.stage('postprocess'):
                    outputs = postprocess(logits, frame)
            arrays = self._transfer.download(outputs, clock)
        return lambda: Segmentation(**arrays(), stage_times_ms=clock.times_ms())

    def warm_up(self, height_px: int, width_px: int) -> None:
        """Label black images of a size until the device has set itself up for it."""
        for _ in range(2):
            self.segment(np.zeros((height_px, width_px, 3), np.uint8), overlay=True)

    def memory_mb(self) -> float | None:
        """Return the device memory that PyTorch holds, in MiB; None on a CPU."""
        if self.device.type != 'cuda':
            return None
        return torch.cuda.memory_reserved(self.device) / 2**20

    def close(self) -> None:
        """Give the device memory back; the engine cannot be used afterwards."""
        del self._logits, self._preprocess, self._postprocess, self._transfer
        if self.device.type == 'cuda':
            torch.cuda.empty_cache()


def check_image(image: np.ndarray) -> None:
    """Raise ImageError unless an image is RGB uint8 (H, W, 3), each side at least 64 pixels."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(
            f'an image of type {image.dtype} and shape {image.shape}; expected RGB, uint8 '
            'and (height, width, 3)'
        )
    if min(image.shape[:2]) < MIN_SIDE_PX:
        raise ImageError(
            f'an image of {image.shape[0]}x{image.shape[1]} pixels (height x width); each side '
            f'needs at least {MIN_SIDE_PX}'
        )


@contextmanager
def _memory_errors_named(device: torch.device) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        free_mb = torch.cuda.mem_get_info(device)[0] / 2**20
        raise DeviceError(
            f'{device} is out of memory ({free_mb:.0f} MiB free); use a smaller working size, '
            'a lighter variant, half precision, or end other programs on it'
        ) from error
