"""From a camera's image to the network's input, on the device."""

import torch
from torch import Tensor, nn

from csrnet_ros.model import Checkpoint
from csrnet_ros.model.layers import resize_bilinear


class Preprocess(nn.Module):
    """Normalises an image and brings it to the working size.

    uint8 (H, W, 3) -> (1, 3, h, w), in the dtype of the module

    :param working_size: (height, width) in pixels to work at; None for the image's own
    :param memory_format: how the result lies in memory
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        working_size: tuple[int, int] | None = None,
        memory_format: torch.memory_format = torch.channels_last,
    ) -> None:
        super().__init__()
        self.working_size = working_size
        self.memory_format = memory_format
        self.register_buffer('mean', torch.tensor(checkpoint.mean)[:, None, None])
        self.register_buffer('std', torch.tensor(checkpoint.std)[:, None, None])

    def forward(self, image: Tensor) -> Tensor:
        """Return the network's input for an RGB image."""
        x = image.permute(2, 0, 1)[None].to(self.mean.dtype)
        x = (x - self.mean) / self.std
        if self.working_size is not None:
            x = resize_bilinear(x, self.working_size)
        return x.contiguous(memory_format=self.memory_format)
