"""PyTorch on CUDA, all launches of a frame as one."""

import torch

from csrnet_ros.inference.deploy import runnable
from csrnet_ros.inference.graphs import graphed
from csrnet_ros.model import Checkpoint


class CudaGraphsBackend:
    """The network by PyTorch, channels last, as a CUDA graph of each size of its input.

    It runs on the stream that is current when it meets a size, which must not be the default one.
    """

    memory_format = torch.channels_last

    def __init__(
        self, checkpoint: Checkpoint, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        network = runnable(checkpoint).to(device, dtype)
        self.logits = graphed(network.to(memory_format=torch.channels_last).logits)
