"""OpenVINO, on CPUs: one converted network, compiled for each size of its input."""

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from csrnet_ros.errors import DeviceError
from csrnet_ros.extras import load_extra
from csrnet_ros.inference.builds import build_key, find_build, find_or_build
from csrnet_ros.inference.convert import ANY, Logits, save_openvino, to_openvino
from csrnet_ros.model import Checkpoint

if TYPE_CHECKING:
    import openvino
else:
    openvino = load_extra('openvino', package='openvino')

SIZES = 8
"""Input sizes whose compiled networks are kept, those used last."""

FILE = 'network.xml'


class OpenVinoBackend:
    """A network by OpenVINO, float32 in and out.

    :param model: for any number and size of images
    :param threads: CPU threads to use; 0 for as many as there are cores
    """

    memory_format = torch.contiguous_format

    def __init__(self, model: openvino.Model, *, threads: int) -> None:
        core = openvino.Core()
        settings = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_PRECISION_HINT': 'f32',
            'INFERENCE_NUM_THREADS': threads,
        }

        # Not a method: with it the networks would stay, when all is closed, until garbage is
        # looked for.
        @lru_cache(maxsize=SIZES)
        def compiled(shape: tuple[int, ...]) -> openvino.InferRequest:
            sized = model.clone()
            sized.reshape(list(shape))
            return core.compile_model(sized, 'CPU', settings).create_infer_request()

        self._compiled = compiled

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of x (N, 3, H, W); the next call writes over them."""
        request = self._compiled(tuple(x.shape))
        found = request.infer([x.numpy()], share_inputs=True, share_outputs=True)
        return torch.from_numpy(found[0])


def load_or_convert(checkpoint: Checkpoint) -> openvino.Model:
    """Return the converted network, from the disk if it is there."""

    @cache
    def convert() -> openvino.Model:
        return to_openvino(Logits(checkpoint), (ANY, ANY, ANY))

    def build(folder: Path) -> None:
        save_openvino(convert(), folder / FILE)

    key = build_key(checkpoint, 'openvino', openvino.__version__)
    folder = find_or_build(key, build, what='OpenVINO')
    return openvino.Core().read_model(folder / FILE) if folder else convert()


def int8_key(checkpoint: Checkpoint) -> str:
    """Return the key of the 8-bit build that csrnet-export makes."""
    return build_key(checkpoint, 'openvino-int8', openvino.__version__)


def load_int8(checkpoint: Checkpoint) -> openvino.Model:
    """Return the network in 8 bits.

    :raises DeviceError: if csrnet-export has not made it for these weights
    """
    folder = find_build(int8_key(checkpoint))
    if folder is None:
        raise DeviceError(
            'there is no 8-bit build of these weights here; make it once: csrnet-export '
            '--weights FILE --format openvino-int8 --calibrate IMAGES'
        )
    return openvino.Core().read_model(folder / FILE)
