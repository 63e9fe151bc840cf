"""The formats, by name."""

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy as np
from torch import Tensor

from csrnet_ros.inference.convert import ANY, Exportable, Labels, Logits
from csrnet_ros.model import Checkpoint


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be made of a network.

    :param format: one of ``FORMATS``
    :param size: height and width of the images, in pixels; None for any number of any size
    :param with_io: images in, labels out; else normalised images in, logits at stride 4 out
    :param calibration: images that 8 bits are chosen by, RGB uint8 (H, W, 3)
    """

    format: str
    size: tuple[int, int] | None = None
    with_io: bool = False
    calibration: Sequence[np.ndarray] = field(default=(), repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number, height and width of the images, ``ANY`` where any will do."""
        return (1, *self.size) if self.size else (ANY, ANY, ANY)

    def network(self, checkpoint: Checkpoint) -> Exportable:
        """Return the network to convert, float32, on the CPU."""
        return Labels(checkpoint) if self.with_io else Logits(checkpoint)


def description(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what is told of a network in its file, JSON values by key."""
    return {
        'csrnet_ros.variant': json.dumps(checkpoint.config.name),
        'csrnet_ros.classes': json.dumps(list(checkpoint.labels.classes)),
        'csrnet_ros.colors': json.dumps(checkpoint.labels.palette.tolist()),
        'csrnet_ros.mean': json.dumps(list(checkpoint.mean)),
        'csrnet_ros.std': json.dumps(list(checkpoint.std)),
        'csrnet_ros.provenance': json.dumps(checkpoint.provenance),
    }


@dataclass(frozen=True, slots=True)
class Format:
    """What the table says of a format.

    :param module: in this package; its ``write(checkpoint, export, path)`` makes the file and
        ``load(path, export)`` returns what runs it; it may have ``keep(checkpoint, export, path)``
        for a file that a backend uses too
    :param packages: what it needs beside PyTorch: what pip installs, by module
    :param least_agreement: share of the pixels whose label must be PyTorch's
    :param advice: what to do about labels that are not, for the end of a sentence
    :param mark: what a file's name ends in, before the suffix, where no other name is given
    """

    title: str
    suffix: str
    module: str
    packages: Mapping[str, str]
    least_agreement: float = 0.9999
    advice: str = ''
    mark: str = ''

    def write(self, checkpoint: Checkpoint, export: Export, path: Path) -> None:
        """Write the file, and what belongs to it beside it."""
        self._module().write(checkpoint, export, path)

    def load(self, path: Path, export: Export) -> Callable[[Tensor], Tensor]:
        """Return the network in a file, ready to run."""
        run: Callable[[Tensor], Tensor] = self._module().load(path, export)
        return run

    def keep(self, checkpoint: Checkpoint, export: Export, path: Path) -> None:
        """Give a file that was compared to the backend that uses it, if there is one."""
        if keep := getattr(self._module(), 'keep', None):
            keep(checkpoint, export, path)

    def _module(self) -> ModuleType:
        return importlib.import_module(f'{__package__}.{self.module}')


ONNX = {'onnx': 'onnx', 'onnxscript': 'onnxscript'}
TENSORRT = '"tensorrt<11"'

FORMATS = MappingProxyType(
    {
        'onnx': Format('ONNX file', '.onnx', 'onnx', ONNX | {'onnxruntime': 'onnxruntime'}),
        'openvino': Format('OpenVINO model', '.xml', 'openvino', {'openvino': 'openvino'}),
        'openvino-int8': Format(
            '8-bit OpenVINO model',
            '.xml',
            'openvino_int8',
            {'openvino': 'openvino', 'nncf': 'nncf'},
            least_agreement=0.95,
            advice='. Calibrate with more images, and such as the camera gives',
            mark='_int8',
        ),
        'tensorrt': Format(
            'TensorRT engine', '.engine', 'tensorrt', ONNX | {'tensorrt': TENSORRT}, 0.999
        ),
        'aoti': Format('AOTInductor package', '.pt2', 'aoti', {}, least_agreement=0.999),
    }
)
