"""OpenVINO, on CPUs: one converted network, compiled for each size of its input."""

from functools import lru_cache
from pathlib import Path

import openvino
import torch
from torch import Tensor

from csrnet_ros.inference.builds import build_key, find_or_build
from csrnet_ros.inference.convert import to_openvino
from csrnet_ros.model import Checkpoint

SIZES = 8
"""Input sizes whose compiled networks are kept, those used last."""

FILE = 'network.xml'


class OpenVinoBackend:
    """The network by OpenVINO, in float32.

    :param threads: CPU threads to use; 0 for as many as there are cores
    """

    memory_format = torch.contiguous_format

    def __init__(self, checkpoint: Checkpoint, *, threads: int) -> None:
        self._core = openvino.Core()
        self._model = load_or_convert(self._core, checkpoint)
        self._settings = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_PRECISION_HINT': 'f32',
            'INFERENCE_NUM_THREADS': threads,
        }
        self._compiled = lru_cache(maxsize=SIZES)(self._compile)

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of x (N, 3, H, W); the next call writes over them."""
        request = self._compiled(tuple(x.shape))
        found = request.infer([x.numpy()], share_inputs=True, share_outputs=True)
        return torch.from_numpy(found[0])

    def _compile(self, shape: tuple[int, ...]) -> openvino.InferRequest:
        model = self._model.clone()
        model.reshape(list(shape))
        return self._core.compile_model(model, 'CPU', self._settings).create_infer_request()


def load_or_convert(core: openvino.Core, checkpoint: Checkpoint) -> openvino.Model:
    """Return the converted network, from the disk if it is there."""

    def build(folder: Path) -> None:
        openvino.save_model(to_openvino(checkpoint), folder / FILE, compress_to_fp16=False)

    key = build_key(checkpoint, 'openvino', openvino.__version__)
    folder = find_or_build(key, build, what='OpenVINO')
    return core.read_model(folder / FILE) if folder else to_openvino(checkpoint)
