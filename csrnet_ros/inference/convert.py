"""The network in the formats of other runtimes, for any number and size of images.

x float32 (N, 3, H, W), normalised -> logits float32 (N, classes, ceil(H / 4), ceil(W / 4))
"""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.export import Dim

from csrnet_ros.inference.deploy import exportable
from csrnet_ros.model import Checkpoint

if TYPE_CHECKING:
    import openvino

ONNX_INPUT, ONNX_OUTPUT = 'x', 'logits'

EXAMPLE = (2, 3, 96, 160)
"""Shape of the input that a network is traced with: no side stands for another by chance."""


class Logits(nn.Module):
    """A network's logits at stride 4 as its forward pass, which is what exporters follow."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = exportable(checkpoint)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of normalised images."""
        return self.network.logits(x)


def to_openvino(checkpoint: Checkpoint) -> 'openvino.Model':
    """Return the network as a model of OpenVINO."""
    import openvino

    x = torch.zeros(EXAMPLE)
    with warnings.catch_warnings():
        # Of the check of an image's size, which tracing leaves out: the engine has its own.
        warnings.simplefilter('ignore')
        traced = torch.jit.trace(Logits(checkpoint).eval(), x, check_trace=False)
        return openvino.convert_model(traced, example_input=x, input=[-1, 3, -1, -1])


def to_onnx(checkpoint: Checkpoint, path: Path) -> None:
    """Write the network as ONNX."""
    logging.getLogger('torch.onnx').setLevel(logging.ERROR)
    program = torch.onnx.export(
        Logits(checkpoint).eval(),
        (torch.zeros(EXAMPLE),),
        dynamo=True,
        verbose=False,
        input_names=[ONNX_INPUT],
        output_names=[ONNX_OUTPUT],
        dynamic_shapes={'x': {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}},
    )
    assert program is not None, 'with dynamo there is a program'
    program.save(path)
