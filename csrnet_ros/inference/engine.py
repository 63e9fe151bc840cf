"""The engine: a checkpoint on a device, ready to label images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.devices import find_device, give_memory_back
from csrnet_ros.errors import DeviceError
from csrnet_ros.inference.backends import TABLE, Task, make_backend
from csrnet_ros.inference.images import Image, check_image
from csrnet_ros.inference.postprocess import Wanted
from csrnet_ros.inference.stages import stages_for
from csrnet_ros.inference.stream import Stream
from csrnet_ros.inference.transfer import CudaTransfer, HostTransfer
from csrnet_ros.model import MIN_SIDE_PX, Checkpoint, load_checkpoint

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What the engine found in one image; every array has the image's height and width.

    :param labels: uint8 (H, W), the class of each pixel
    :param stage_times_ms: milliseconds of each stage, of all images that went through together:
        upload, preprocess, network, postprocess, download; a CPU has neither upload nor download.
        In a stream on CUDA, stages of frames next to each other overlap: their sum is neither the
        latency nor the time between frames
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

    On a CUDA device the network runs in half precision unless told otherwise; frames go up and
    results come down through pinned memory on streams of their own. On a CPU it runs in float32,
    whatever ``half`` says. The labels are the same within rounding, whatever runs it. What was
    chosen, and what takes time, is logged to ``csrnet_ros.inference``.

    :param device: auto (CUDA where there is one, else the CPU), cpu, cuda, or cuda:N
    :param half: half precision on CUDA
    :param backend: what runs the network, one of ``backends.BACKENDS``; auto for the fastest that
        works on the device; torch is the one without preparation for each size of image
    :param threads: CPU threads to compute with; 0 for as many as there are cores. PyTorch has one
        such number in a process, which this sets
    :param working_size: (height, width) in pixels that images are brought to for the network, at
        least 64 each; smaller is faster and less accurate; None for each image's own size
    :raises DeviceError: if the device or the backend is unknown, absent, or has too little memory
    :raises ValueError: if there is no such backend, the working size is too small, or there are
        fewer threads than none
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: str = 'auto',
        half: bool = True,
        backend: str = 'auto',
        threads: int = 0,
        working_size: tuple[int, int] | None = None,
    ) -> None:
        if working_size is not None and min(working_size) < MIN_SIDE_PX:
            raise ValueError(
                f'working_size is {working_size}; each side needs at least {MIN_SIDE_PX} pixels'
            )
        if threads < 0:
            raise ValueError(f'threads is {threads}; it must be at least 0')
        own_threads = _own_threads()
        torch.set_num_threads(threads or own_threads)
        self.device = find_device(device)
        self.labels = checkpoint.labels
        self.variant = checkpoint.config.name
        self._working_size = working_size
        on_cuda = self.device.type == 'cuda'
        dtype = torch.float16 if half and on_cuda else torch.float32
        task = Task(self.device, dtype, threads)
        with _memory_errors_named(self.device):
            self._transfer = CudaTransfer(self.device) if on_cuda else HostTransfer()
            with self._transfer.computing(), torch.inference_mode():
                self.backend, self._network = make_backend(backend, checkpoint, task)
                self.precision = TABLE[self.backend].precision or str(dtype).split('.')[-1]
                self._preprocess, self._postprocess = stages_for(
                    checkpoint,
                    device=self.device,
                    dtype=dtype,
                    working_size=working_size,
                    memory_format=self._network.memory_format,
                )

    @classmethod
    def from_checkpoint(
        cls,
        path: Path | str,
        *,
        device: str = 'auto',
        half: bool = True,
        backend: str = 'auto',
        threads: int = 0,
        working_size: tuple[int, int] | None = None,
    ) -> 'SegmentationEngine':
        """Return an engine with the weights of a file.

        :raises CheckpointError: if the file is missing, damaged or foreign
        """
        return cls(
            load_checkpoint(path),
            device=device,
            half=half,
            backend=backend,
            threads=threads,
            working_size=working_size,
        )

    def segment(self, image: Image, **wanted: 'Unpack[Wanted]') -> Segmentation:
        """Label one image.

        :param image: RGB uint8 (H, W, 3), each side at least 64 pixels, or a
            ``RawImage``, whose colours the device converts
        :param wanted: what is asked for beside the labels: see ``Wanted``
        :raises ImageError: if the image is not of that type, shape and size
        :raises DeviceError: if the device runs out of memory
        """
        return self._begin([image], wanted)()[0]

    def segment_batch(
        self, images: Sequence[Image], **wanted: 'Unpack[Wanted]'
    ) -> list[Segmentation]:
        """Label several images, those that the network can take together at once.

        These are the ones of equal size, or all if there is a working size. Raises as ``segment``.
        """
        groups: dict[tuple[int, ...], list[int]] = {}
        for place, image in enumerate(images):
            groups.setdefault(self._working_size or image.shape[:2], []).append(place)
        found: dict[int, Segmentation] = {}
        for places in groups.values():
            results = self._begin([images[place] for place in places], wanted)()
            found |= zip(places, results, strict=True)
        return [found[place] for place in range(len(images))]

    def segment_stream(
        self, images: Iterable[Image], **wanted: 'Unpack[Wanted]'
    ) -> Iterator[Segmentation]:
        """Label images one after the other, as ``segment`` does; on CUDA the work overlaps.

        One image is taken ahead of its turn on CUDA. An error is raised in the turn of the image
        that it is about; who catches it can go on with ``next``.
        """

        def begin(image: Image) -> Callable[[], Segmentation]:
            results = self._begin([image], wanted)
            return lambda: results()[0]

        return Stream(images, begin=begin, ahead=self._transfer.ahead)

    @torch.inference_mode()
    def _begin(self, images: Sequence[Image], wanted: Wanted) -> Callable[[], list[Segmentation]]:
        """Start the work on images of one size, and return what waits for the results."""
        for image in images:
            check_image(image)
        clock = self._transfer.clock()
        with _memory_errors_named(self.device):
            frames = self._transfer.upload(images, clock)
            with self._transfer.computing():
                with clock.stage('preprocess'):
                    x = _joined([self._preprocess(frame) for frame in frames])
                with clock.stage('network'):
                    logits = self._network.logits(x)
                with clock.stage('postprocess'):
                    outputs = [
                        self._postprocess(logits[place : place + 1], frame, **wanted)
                        for place, frame in enumerate(frames)
                    ]
            arrays = self._transfer.download(outputs, clock)

        def results() -> list[Segmentation]:
            found, times_ms = arrays(), clock.times_ms()
            frames.clear()  # they had to stay until now: see CudaTransfer
            return [Segmentation(**one, stage_times_ms=times_ms) for one in found]

        return results

    def warm_up(self, height_px: int, width_px: int, *, frames: int = 1) -> None:
        """Label black images of a size, so many at once, until the device is set up for them."""
        for _ in range(2):
            black = np.zeros((height_px, width_px, 3), np.uint8)
            self.segment_batch([black] * frames, overlay=True)

    def memory_mb(self) -> float | None:
        """Return the device memory that PyTorch holds, in MiB; None on a CPU."""
        if self.device.type != 'cuda':
            return None
        return torch.cuda.memory_reserved(self.device) / 2**20

    def close(self) -> None:
        """Give the memory back; the engine cannot be used afterwards."""
        del self._network, self._preprocess, self._postprocess, self._transfer
        give_memory_back(self.device)


@cache
def _own_threads() -> int:
    """Return with how many threads PyTorch computes until the first engine says otherwise."""
    return torch.get_num_threads()


def _joined(inputs: list[Tensor]) -> Tensor:
    return inputs[0] if len(inputs) == 1 else torch.cat(inputs)


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
