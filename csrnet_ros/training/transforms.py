"""Augmentation of whole batches on the training device.

images uint8 (N, 3, H, W), labels uint8 (N, H, W) -> float32 (N, 3, h, w), int64 (N, h, w)
"""

import torch
from torch import Tensor
from torch.nn import functional

from csrnet_ros.labels import VOID
from csrnet_ros.training.config import Recipe

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
"""RGB in pixel values, as torchvision's ImageNet weights expect them."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


class Augmentation:
    """Random scale, crop, flip and colour for each sample, then normalisation.

    What a crop holds beyond its image is the mean colour, labelled void.

    :param mean: RGB, pixel values 0 to 255
    :param std: RGB, pixel values
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        generator: torch.Generator,
    ) -> None:
        self.recipe = recipe
        self.mean = torch.tensor(mean)[:, None, None]
        self.std = torch.tensor(std)[:, None, None]
        self.generator = generator

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the network's input and target for a batch on any device."""
        device = images.device
        theta, size = self._windows(images.shape[0], images.shape[2], images.shape[3])
        grid = functional.affine_grid(theta, [*size], align_corners=False).to(device)
        mean, std = self.mean.to(device), self.std.to(device)
        # Outside the image grid_sample gives 0: the mean colour here, void below.
        x = functional.grid_sample(images - mean, grid, mode='bilinear', align_corners=False)
        shifted = labels[:, None].float() - VOID
        target = functional.grid_sample(shifted, grid, mode='nearest', align_corners=False) + VOID
        x = (self._jitter(x + mean) - mean) / std
        return x, target[:, 0].long()

    def _windows(self, count: int, height: int, width: int) -> tuple[Tensor, tuple[int, ...]]:
        """Return affine maps (N, 2, 3) from the crop to the image, and the crop's shape."""
        crop_h, crop_w = self.recipe.crop_px
        crop_h, crop_w = min(crop_h, height), min(crop_w, width)
        scales = torch.tensor(self.recipe.scales)
        scale = scales[torch.randint(len(scales), (count,), generator=self.generator)]
        share_y, share_x = crop_h / (scale * height), crop_w / (scale * width)
        # In normalised coordinates a window of share s has its centre within +-(1 - s);
        # a window larger than the image moves within the same bounds about it.
        centre_y = self._uniform(count) * (1 - share_y)
        centre_x = self._uniform(count) * (1 - share_x)
        flip = torch.where(self._uniform(count) < 0, -1.0, 1.0)
        zero = torch.zeros(count)
        rows = (flip * share_x, zero, centre_x, zero, share_y, centre_y)
        return torch.stack(rows, dim=1).view(count, 2, 3), (count, 3, crop_h, crop_w)

    def _jitter(self, x: Tensor) -> Tensor:
        if not self.recipe.color_jitter:
            return x
        draws = 1 + self.recipe.color_jitter * torch.stack(
            [self._uniform(x.shape[0]) for _ in range(3)]
        )
        brightness, contrast, saturation = draws.to(x.device)[..., None, None, None]
        luma = (x * torch.tensor(LUMA, device=x.device)[:, None, None]).sum(1, keepdim=True)
        x = luma + saturation * (x - luma)
        middle = luma.mean(dim=(2, 3), keepdim=True)
        return (brightness * (middle + contrast * (x - middle))).clamp(0, 255)

    def _uniform(self, count: int) -> Tensor:
        """Return ``count`` draws from -1 to 1."""
        return 2 * torch.rand(count, generator=self.generator) - 1
