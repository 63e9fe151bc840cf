"""TensorRT, by way of ONNX, in half precision; for the GPU that it is made on.

TensorRT 10 chooses by itself what to compute in half precision; 11 no longer does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from csrnet_ros.devices import find_device
from csrnet_ros.errors import ExportError
from csrnet_ros.extras import load_extra
from csrnet_ros.inference.convert import ANY, Exportable, to_onnx
from csrnet_ros.inference.export.formats import TENSORRT, Export
from csrnet_ros.model import MIN_SIDE_PX, Checkpoint

RANGE = ((1, MIN_SIDE_PX, MIN_SIDE_PX), (1, 720, 960), (4, 1536, 2048))
"""The least, the usual and the largest number, height and width of images of any size."""


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Build an engine.

    :raises DeviceError: if there is no CUDA device
    :raises ExportError: if TensorRT cannot build it, or is too new
    """
    find_device('cuda')
    tensorrt: Any = load_extra('tensorrt', package=TENSORRT)
    if not hasattr(tensorrt.BuilderFlag, 'FP16'):
        raise ExportError(
            f'TensorRT {tensorrt.__version__} does not choose half precision by itself: pip '
            f'install {TENSORRT}'
        )
    network = export.network(checkpoint)
    builder = tensorrt.Builder(tensorrt.Logger(tensorrt.Logger.WARNING))
    definition = builder.create_network(0)
    parser = tensorrt.OnnxParser(definition, builder.logger)
    if not parser.parse(to_onnx(network, export.shape).model_proto.SerializeToString()):
        raise ExportError(f'TensorRT cannot read the ONNX file: {parser.get_error(0)}')
    settings = builder.create_builder_config()
    settings.set_flag(tensorrt.BuilderFlag.FP16)
    if ANY in export.shape:
        settings.add_optimization_profile(_profile(builder, network))
    engine = builder.build_serialized_network(definition, settings)
    if engine is None:
        raise ExportError('TensorRT cannot build the engine, for the reason above')
    path.write_bytes(engine)


def _profile(builder: Any, network: Exportable) -> Any:
    profile = builder.create_optimization_profile()
    profile.set_shape(network.input_name, *(network.shape(*size) for size in RANGE))
    return profile


def load(path: Path, _: Export) -> Callable[[Tensor], Tensor]:
    """Return the network; its input and output are on the CPU."""
    tensorrt: Any = load_extra('tensorrt', package=TENSORRT)
    runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.WARNING))
    engine = runtime.deserialize_cuda_engine(path.read_bytes())
    context = engine.create_execution_context()
    entry, exit_ = engine.get_tensor_name(0), engine.get_tensor_name(1)

    def run(x: Tensor) -> Tensor:
        there = x.cuda().contiguous()
        context.set_input_shape(entry, tuple(there.shape))
        dtype = torch.float32 if x.is_floating_point() else torch.uint8
        found = torch.empty(tuple(context.get_tensor_shape(exit_)), dtype=dtype, device='cuda')
        for name, tensor in ((entry, there), (exit_, found)):
            context.set_tensor_address(name, tensor.data_ptr())
        stream = torch.cuda.current_stream()
        context.execute_async_v3(stream.cuda_stream)
        stream.synchronize()
        return found.cpu()

    return run
