"""What preprocesses and postprocesses on a device: fused kernels where they run."""

import logging

import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.model import Checkpoint

logger = logging.getLogger(__name__)


def stages_for(
    checkpoint: Checkpoint,
    *,
    device: torch.device,
    dtype: torch.dtype,
    working_size: tuple[int, int] | None,
    memory_format: torch.memory_format,
) -> tuple[Preprocess, Postprocess]:
    """Return what comes before the network and what comes after it, on a device.

    On CUDA they are fused, if Triton can build their kernels; if not, the log says why.

    :param dtype: of the network's input and logits
    :param working_size: (height, width) in pixels to work at; None for each image's own
    :param memory_format: that the network wants its input in
    """
    if device.type == 'cuda':
        try:
            from csrnet_ros.inference.fused import fused_stages

            return fused_stages(checkpoint, device=device, dtype=dtype, working_size=working_size)
        except torch.OutOfMemoryError:
            raise
        # Triton builds at first use, and what it lacks for that shows as an error of any kind.
        except Exception as error:
            logger.warning(
                'no fused kernels on %s, plain PyTorch does their work more slowly: %s: %s (they '
                'need Triton, a C compiler and the headers of Python: pip install triton, apt '
                'install gcc python3-dev)',
                device,
                type(error).__name__,
                error,
            )
    preprocess = Preprocess(checkpoint, working_size=working_size, memory_format=memory_format)
    return preprocess.to(device, dtype), Postprocess(checkpoint.labels).to(device)
