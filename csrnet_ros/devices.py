"""The choice of a compute device by name, whether it works, and giving its memory back."""

import ctypes

import torch

from csrnet_ros.errors import DeviceError


def find_device(name: str = 'auto') -> torch.device:
    """Return the device called ``name``: auto, cpu, cuda, or cuda:N.

    ``auto`` is the first CUDA device where there is one, else the CPU.

    :raises DeviceError: if the name is unknown or this machine has no such device
    """
    if name == 'auto':
        return torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')
    if name == 'cpu':
        return torch.device('cpu')
    kind, _, index = name.partition(':')
    if kind != 'cuda' or (':' in name and not index.isdigit()):
        raise DeviceError(f'unknown device {name!r}; use auto, cpu, cuda, or cuda:N')
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(index or 0) >= count:
        raise DeviceError(
            f'no device {name!r} here: PyTorch sees {count} CUDA devices; use auto or cpu, or '
            'check the NVIDIA driver with nvidia-smi'
        )
    return torch.device('cuda', int(index or 0))


def is_lost(device: torch.device) -> bool:
    """Return whether this process can use the device no more, as after most errors of CUDA.

    A context with such an error answers it at every call, until its process ends. The question is
    put to an idle stream: to wait for the whole device is an error while a graph is captured.
    """
    if device.type != 'cuda':
        return False
    try:
        torch.cuda.Stream(device).record_event().synchronize()
    except RuntimeError:
        return True
    return False


def give_memory_back(device: torch.device) -> None:
    """Give back what the process holds of the device's memory and does not use; on a CPU, of RAM.

    The heap of glibc keeps the large buffers that were freed, malloc_trim(3) apart.
    """
    if device.type == 'cuda':
        torch.cuda.empty_cache()
    elif trim := getattr(ctypes.CDLL(None), 'malloc_trim', None):
        trim(0)
