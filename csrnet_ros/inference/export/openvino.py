"""OpenVINO's own format, a pair of files: NAME.xml and NAME.bin."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from csrnet_ros.extras import load_extra
from csrnet_ros.inference.convert import save_openvino, to_openvino
from csrnet_ros.inference.export.formats import Export, description
from csrnet_ros.model import Checkpoint

if TYPE_CHECKING:
    import openvino


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Write a network in float32."""
    save(to_openvino(export.network(checkpoint), export.shape), checkpoint, path)


def save(model: 'openvino.Model', checkpoint: Checkpoint, path: Path) -> None:
    """Write a model with what is told of its network, which stands under ``rt_info``."""
    for key, value in description(checkpoint).items():
        model.set_rt_info(value, key.split('.'))
    save_openvino(model, path)


def load(path: Path, _: Export) -> Callable[[Tensor], Tensor]:
    """Return the network, on the CPU."""
    openvino = load_extra('openvino', package='openvino')
    settings = {'INFERENCE_PRECISION_HINT': 'f32'}
    compiled = openvino.Core().compile_model(path, 'CPU', settings)
    return lambda x: torch.from_numpy(compiled(x.numpy())[0])
