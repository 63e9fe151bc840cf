"""Which preprocessing and postprocessing a device gets: the fused ones where they run."""

import warnings

import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess


def stages_for(device: torch.device) -> tuple[type[Preprocess], type[Postprocess]]:
    """Return the classes that preprocess and postprocess on a device.

    On CUDA they are fused, if Triton can build their kernels; if not, a warning says why.
    """
    if device.type != 'cuda':
        return Preprocess, Postprocess
    try:
        from csrnet_ros.inference.fused import FusedPostprocess, FusedPreprocess, try_kernels

        try_kernels(device)
    # Triton builds at first use, and what it lacks for that shows as an error of any kind.
    except Exception as error:
        warnings.warn(
            f'no fused kernels on {device}, plain PyTorch does their work more slowly: '
            f'{type(error).__name__}: {error} (they need Triton, a C compiler and the headers of '
            'Python: pip install triton, apt install gcc python3-dev)',
            RuntimeWarning,
            stacklevel=2,
        )
        return Preprocess, Postprocess
    return FusedPreprocess, FusedPostprocess
