"""Networks in the formats of other runtimes, for one size of image or for any number and size."""

import logging
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from csrnet_ros.extras import load_extra
from csrnet_ros.inference.deploy import exportable
from csrnet_ros.model import Checkpoint
from csrnet_ros.model.layers import resize_bilinear

if TYPE_CHECKING:
    import openvino
    from torch.onnx import ONNXProgram

ANY = -1
"""In a shape: any number."""

NCNN_FILES = ('network.ncnn.param', 'network.ncnn.bin')

EXAMPLES = (2, 96, 160)
"""Number, height and width of what a network is traced with where any will do: none of them
stands for another by chance."""


class Logits(nn.Module):
    """A network's logits at stride 4 as its forward pass, which is what exporters follow.

    x float32 (N, 3, H, W), normalised -> logits float32 (N, classes, ceil(H / 4), ceil(W / 4))
    """

    input_name, output_name = 'x', 'logits'
    dtype = torch.float32

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = exportable(checkpoint)

    @staticmethod
    def shape(number: int, height: int, width: int) -> tuple[int, ...]:
        """Return the shape of the input."""
        return number, 3, height, width

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of normalised images."""
        return self.network.logits(x)


class Labels(nn.Module):
    """A network with all that comes before and after it.

    image uint8 (N, H, W, 3) RGB -> labels uint8 (N, H, W)
    """

    input_name, output_name = 'image', 'labels'
    dtype = torch.uint8
    mean: Tensor
    std: Tensor

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = exportable(checkpoint)
        self.register_buffer('mean', torch.tensor(checkpoint.mean)[:, None, None])
        self.register_buffer('std', torch.tensor(checkpoint.std)[:, None, None])

    @staticmethod
    def shape(number: int, height: int, width: int) -> tuple[int, ...]:
        """Return the shape of the input."""
        return number, height, width, 3

    def forward(self, image: Tensor) -> Tensor:
        """Return the class of each pixel of RGB images."""
        x = (image.to(self.mean.dtype).permute(0, 3, 1, 2) - self.mean) / self.std
        full = resize_bilinear(self.network.logits(x), (image.shape[1], image.shape[2]))
        return full.argmax(dim=1).to(torch.uint8)


Exportable = Logits | Labels


def example(network: Exportable, size: tuple[int, int, int]) -> Tensor:
    """Return an input to trace a network with.

    :param size: number, height and width of the images, each of them ``ANY`` where any will do
    """
    fixed = [
        usual if length == ANY else length for length, usual in zip(size, EXAMPLES, strict=True)
    ]
    return torch.zeros(network.shape(*fixed), dtype=network.dtype)


def dynamic_shapes(network: Exportable, size: tuple[int, int, int]) -> dict[str, Any]:
    """Return which sides of a network's input may have any length, as torch.export wants it."""
    shape = network.shape(*size)
    return {
        network.input_name: {
            place: Dim.DYNAMIC for place, length in enumerate(shape) if length == ANY
        }
    }


def to_openvino(network: Exportable, size: tuple[int, int, int]) -> 'openvino.Model':
    """Return a network as a model of OpenVINO, for images of a ``size`` as ``example`` has it.

    :raises MissingPackageError: if OpenVINO is not installed
    """
    openvino = load_extra('openvino', package='openvino')
    image = example(network, size)
    with warnings.catch_warnings():
        # Of the check of an image's size, which tracing leaves out: the engine has its own.
        warnings.simplefilter('ignore')
        traced = torch.jit.trace(network.eval(), image, check_trace=False)
        model = openvino.convert_model(traced, example_input=image, input=[*network.shape(*size)])
    model.input(0).get_tensor().set_names({network.input_name})
    model.output(0).get_tensor().set_names({network.output_name})
    return model


def save_openvino(model: 'openvino.Model', path: Path) -> None:
    """Write a model of OpenVINO, in the types that it has: NAME.xml, and NAME.bin beside it.

    :raises OSError: if the disk does not take it
    """
    openvino = load_extra('openvino', package='openvino')
    try:
        openvino.save_model(model, path, compress_to_fp16=False)
    except RuntimeError as error:  # all that it says of a full disk
        raise OSError(
            f'{path.name}: OpenVINO cannot write it ({error}); check that the disk is not full'
        ) from error


def to_ncnn(network: nn.Module, folder: Path, *shapes: tuple[int, ...]) -> None:
    """Write a network for ncnn into a folder, ``NCNN_FILES``; its input has one image.

    :param shapes: that of its input; of sides that differ in a second one any length will do
    :raises MissingPackageError: if pnnx, which converts it, is not installed
    :raises RuntimeError: if pnnx fails; the message ends with its last words
    """
    pnnx = load_extra('pnnx', package='pnnx')
    with tempfile.TemporaryDirectory() as temporary:
        # pnnx names what it writes, and more than is needed, by what it reads.
        path = Path(temporary) / 'network.pt'
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # as in to_openvino
            torch.jit.trace(network.eval(), torch.zeros(shapes[0]), check_trace=False).save(path)
        inputs = [
            f'{name}=[{",".join(map(str, shape))}]f32'
            for name, shape in zip(('inputshape', 'inputshape2'), shapes, strict=False)
        ]
        command = [pnnx.EXEC_PATH, path, *inputs, 'fp16=0']
        done = subprocess.run(command, cwd=temporary, capture_output=True, text=True)
        written = [Path(temporary) / name for name in NCNN_FILES]
        if done.returncode or not all(file.exists() for file in written):
            raise RuntimeError(f'pnnx failed: {(done.stdout + done.stderr)[-300:]}')
        for file in written:
            shutil.copy(file, folder)


def to_onnx(network: Exportable, size: tuple[int, int, int]) -> 'ONNXProgram':
    """Return a network as ONNX, for images of a ``size`` as ``example`` has it.

    :raises MissingPackageError: if the packages that PyTorch needs for it are not installed
    """
    for package in ('onnx', 'onnxscript'):
        load_extra(package, package=package)
    logging.getLogger('torch.onnx').setLevel(logging.ERROR)
    program = torch.onnx.export(
        network.eval(),
        (example(network, size),),
        dynamo=True,
        verbose=False,
        input_names=[network.input_name],
        output_names=[network.output_name],
        dynamic_shapes=dynamic_shapes(network, size),
    )
    assert program is not None, 'with dynamo there is a program'
    if network.dtype == torch.uint8:
        _cast_first(program)
    return program


def _cast_first(program: 'ONNXProgram') -> None:
    """Let nothing but a cast take the input: TensorRT cannot even ask for the shape of uint8."""
    graph = program.model.graph
    (image,) = graph.inputs
    cast = next(node for node in image.consumers() if node.op_type == 'Cast')
    graph.remove(cast)
    graph.insert_before(graph[0], cast)
    for node, place in image.uses():
        if node is not cast:
            node.replace_input_with(place, cast.outputs[0])
