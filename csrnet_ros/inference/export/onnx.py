"""ONNX, run by ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from csrnet_ros.extras import load_extra
from csrnet_ros.inference.convert import to_onnx
from csrnet_ros.inference.export.formats import Export, description
from csrnet_ros.model import Checkpoint


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Write a network as ONNX, with what is told of it as metadata."""
    program = to_onnx(export.network(checkpoint), export.shape)
    program.model.metadata_props.update(description(checkpoint))
    program.save(path)


def load(path: Path, _: Export) -> Callable[[Tensor], Tensor]:
    """Return the network, on the CPU."""
    runtime = load_extra('onnxruntime', package='onnxruntime')
    session = runtime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (entry,) = session.get_inputs()
    return lambda x: torch.from_numpy(session.run(None, {entry.name: x.numpy()})[0])
