"""The machine that figures come from: a time says nothing without it."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from csrnet_ros.extras import load_extra

BUSY_PERCENT = 10.0
"""With more of its processors in use by others, a machine is too busy to be measured on."""

PACKAGES = (
    'torch',
    'torchvision',
    'numpy',
    'ncnn',
    'openvino',
    'onnxruntime',
    'nncf',
    'segmentation-models-pytorch',
    'transformers',
    'ros-rclpy',
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a figure depends on beside the code.

    :param cpu: the model as the processor names it
    :param instructions: the widest vectors that PyTorch uses here
    :param clock_mhz: the clock now; None if the system does not tell
    :param cores: processors that the system sees
    :param threads: threads that PyTorch computes with
    :param load_average: over the minute before the start
    :param busy_percent: share of all processors in use, over the second before the start
    :param versions: of Python and of the packages that are installed
    :param gpu: name, driver and clocks of the CUDA device that is measured; None for a CPU
    """

    cpu: str
    instructions: str
    clock_mhz: float | None
    cores: int
    threads: int
    memory_gib: float
    system: str
    load_average: float
    busy_percent: float
    date: str
    versions: dict[str, str]
    gpu: str | None

    @property
    def warning(self) -> str | None:
        """What speaks against measuring now; None if nothing does."""
        if self.busy_percent <= BUSY_PERCENT:
            return None
        return (
            f'the machine is busy: {self.busy_percent:.0f} % of its processors are in use (load '
            f'average {self.load_average:.1f}); end other programs, or read ratios alone'
        )


def describe_machine(device: torch.device) -> Machine:
    """Return what this machine is, and does at this moment.

    :param device: that is to be measured
    :raises MissingPackageError: if psutil is not installed
    """
    psutil: Any = load_extra('psutil', package='psutil')
    clock = psutil.cpu_freq()
    return Machine(
        cpu=_cpu_name(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        clock_mhz=round(clock.current) if clock else None,
        cores=psutil.cpu_count(),
        threads=torch.get_num_threads(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f'{platform.system()} {platform.release()}',
        load_average=round(os.getloadavg()[0], 2),
        busy_percent=psutil.cpu_percent(interval=1.0),
        date=date.today().isoformat(),
        versions={'Python': platform.python_version(), **_versions()},
        gpu=_describe_gpu(device) if device.type == 'cuda' else None,
    )


def _cpu_name() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _describe_gpu(device: torch.device) -> str:
    """Return what a CUDA device is; its clocks only where nvidia-smi tells them."""
    properties = torch.cuda.get_device_properties(device)
    name = properties.name
    # By number nvidia-smi may mean another: it has an order of its own, and sees hidden ones.
    which = f'--id=GPU-{properties.uuid}'
    query = 'driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit'
    command = ['nvidia-smi', which, f'--query-gpu={query}', '--format=csv,noheader']
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return name
    driver, clock, most, memory, power = (part.strip() for part in told.split(','))
    return f'{name}, driver {driver}, {clock} of {most}, memory {memory}, limit {power}'
