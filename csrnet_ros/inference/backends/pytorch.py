"""PyTorch itself, on any device."""

import torch

from csrnet_ros.inference.deploy import runnable
from csrnet_ros.model import Checkpoint


class TorchBackend:
    """The network by PyTorch, channels last, one layer after the other."""

    memory_format = torch.channels_last

    def __init__(
        self, checkpoint: Checkpoint, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        network = runnable(checkpoint).to(device, dtype)
        self.logits = network.to(memory_format=torch.channels_last).logits
