"""What preprocesses and postprocesses on a device: fused kernels where they run."""

import warnings

import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.model import Checkpoint


def stages_for(
    checkpoint: Checkpoint,
    *,
    device: torch.device,
    dtype: torch.dtype,
    working_size: tuple[int, int] | None,
) -> tuple[Preprocess, Postprocess]:
    """Return what comes before the network and what comes after it, on a device.

    On CUDA they are fused, if Triton can build their kernels; if not, a warning says why.

    :param dtype: of the network's input and logits
    :param working_size: (height, width) in pixels to work at; None for each image's own
    """
    if device.type == 'cuda':
        try:
            from csrnet_ros.inference.fused import fused_stages

            return fused_stages(checkpoint, device=device, dtype=dtype, working_size=working_size)
        # Triton builds at first use, and what it lacks for that shows as an error of any kind.
        except Exception as error:
            warnings.warn(
                f'no fused kernels on {device}, plain PyTorch does their work more slowly: '
                f'{type(error).__name__}: {error} (they need Triton, a C compiler and the '
                'headers of Python: pip install triton, apt install gcc python3-dev)',
                RuntimeWarning,
                stacklevel=2,
            )
    preprocess = Preprocess(checkpoint, working_size=working_size).to(device, dtype)
    return preprocess, Postprocess(checkpoint.labels).to(device)
