"""ONNX Runtime, on CPUs: one converted network for every size."""

from importlib.metadata import version
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor

from csrnet_ros.inference.builds import build_folder, build_key
from csrnet_ros.inference.convert import ANY, Logits, to_onnx
from csrnet_ros.model import Checkpoint

FILE = 'network.onnx'


class OnnxRuntimeBackend:
    """The network by ONNX Runtime, in float32.

    :param threads: CPU threads to use; 0 for as many as there are cores
    """

    memory_format = torch.contiguous_format

    def __init__(self, checkpoint: Checkpoint, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # A thread that waits must not take the time of the node's neighbours.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self._session = onnxruntime.InferenceSession(
            load_or_convert(checkpoint), options, providers=['CPUExecutionProvider']
        )

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of x (N, 3, H, W)."""
        (found,) = self._session.run(None, {Logits.input_name: x.numpy()})
        return torch.from_numpy(found)


def load_or_convert(checkpoint: Checkpoint) -> bytes:
    """Return the converted network, from the disk if it is there."""

    def build(folder: Path) -> None:
        to_onnx(Logits(checkpoint), (ANY, ANY, ANY)).save(folder / FILE)

    with build_folder(onnx_key(checkpoint), build, what='ONNX Runtime') as folder:
        return (folder / FILE).read_bytes()


def onnx_key(checkpoint: Checkpoint) -> str:
    """Return the key of a checkpoint's build."""
    converters = (version(package) for package in ('onnx', 'onnxscript'))  # slow to import
    return build_key(checkpoint, 'onnx', onnxruntime.__version__, *converters)
