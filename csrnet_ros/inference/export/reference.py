"""The network as it was trained, in plain PyTorch and float32: what exports are compared with."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.model import Checkpoint
from csrnet_ros.model.layers import resize_bilinear

if TYPE_CHECKING:
    from csrnet_ros.inference.export.formats import Export


class Reference:
    """Labels RGB images, uint8 (H, W, 3), one by one, in the plainest way."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._network = checkpoint.build()
        self._mean = torch.tensor(checkpoint.mean)[:, None, None]
        self._std = torch.tensor(checkpoint.std)[:, None, None]

    @torch.inference_mode()
    def labels(self, image: np.ndarray) -> np.ndarray:
        """Return the labels, uint8 (H, W)."""
        return self._largest(self._network.logits(self._normalised(image)), image)

    def input_of(self, image: np.ndarray, export: 'Export') -> Tensor:
        """Return what an exported network takes for an image."""
        return torch.from_numpy(image)[None] if export.with_io else self._normalised(image)

    def labels_of(self, output: Tensor, image: np.ndarray, export: 'Export') -> np.ndarray:
        """Return the labels, uint8 (H, W), in what an exported network gave for an image."""
        return output[0].numpy() if export.with_io else self._largest(output, image)

    def _normalised(self, image: np.ndarray) -> Tensor:
        x = torch.from_numpy(image).permute(2, 0, 1)[None].float()
        return (x - self._mean) / self._std

    def _largest(self, logits: Tensor, image: np.ndarray) -> np.ndarray:
        full = resize_bilinear(logits, (image.shape[0], image.shape[1]))
        return full[0].argmax(dim=0).to(torch.uint8).numpy()
