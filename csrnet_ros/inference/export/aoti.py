"""AOTInductor: compiled by PyTorch ahead of time, for C++ programs with libtorch and for Python.

It is made for the CUDA device where there is one, in half precision, else for the CPU.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.cpp_extension import CUDA_HOME

from csrnet_ros.devices import find_device
from csrnet_ros.errors import ExportError
from csrnet_ros.inference.convert import dynamic_shapes, example
from csrnet_ros.inference.export.formats import Export
from csrnet_ros.model import Checkpoint

PRECISION = {'cuda': torch.float16, 'cpu': torch.float32}


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Compile a network into a package.

    :raises ExportError: if there is no C++ compiler, or for a GPU no CUDA toolkit
    """
    if shutil.which('g++') is None:
        raise ExportError('AOTInductor compiles C++: install a compiler (apt install g++)')
    device = find_device()
    if device.type == 'cuda' and CUDA_HOME is None:
        raise ExportError(
            'AOTInductor compiles for a GPU with the CUDA toolkit, of which PyTorch finds none: '
            f'install that of CUDA {torch.version.cuda}, or say where it is (CUDA_HOME); without '
            'one, hide the GPU (CUDA_VISIBLE_DEVICES=) and compile for the CPU'
        )
    network = export.network(checkpoint).eval().to(device, PRECISION[device.type])
    program = torch.export.export(
        network,
        (_as_input(example(network, export.shape)),),
        dynamic_shapes=dynamic_shapes(network, export.shape),
    )
    torch._inductor.aoti_compile_and_package(program, package_path=str(path))


def load(path: Path, _: Export) -> Callable[[Tensor], Tensor]:
    """Return the network; its input and output are on the CPU, float32 or uint8."""
    package = torch._inductor.aoti_load_package(str(path))

    def run(x: Tensor) -> Tensor:
        found = package(_as_input(x)).cpu()
        return found.float() if found.is_floating_point() else found

    return run


def _as_input(x: Tensor) -> Tensor:
    device = find_device()
    return x.to(device, PRECISION[device.type] if x.is_floating_point() else x.dtype)
