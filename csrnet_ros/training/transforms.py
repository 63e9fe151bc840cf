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

    What a crop holds beyond its image is the mean colour, labelled void. Nothing is random in
    here: what becomes of a sample follows from its row of draws.

    :param mean: RGB, pixel values 0 to 255
    :param std: RGB, pixel values
    """

    DRAWS = 10
    """Random numbers that a sample needs: scale, place (y, x) and flip; whether the place is that
    of a class, which class, and which of its pixels; and three of colour."""

    def __init__(
        self,
        recipe: Recipe,
        *,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
    ) -> None:
        self.recipe = recipe
        self.mean = torch.tensor(mean)[:, None, None]
        self.std = torch.tensor(std)[:, None, None]

    def __call__(self, images: Tensor, labels: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
        """Return the network's input and target for a batch on any device.

        :param draws: float32 (N, DRAWS) from 0 to below 1, on any device
        """
        # Without waiting: a device that is behind need not catch up first.
        draws, mean, std = (
            values.to(images.device, non_blocking=True) for values in (draws, self.mean, self.std)
        )
        grid = self._grid(labels, draws[:, :7])
        # Outside the image grid_sample gives 0: the mean colour here, void below.
        x = functional.grid_sample(images - mean, grid, mode='bilinear', align_corners=False)
        shifted = labels[:, None].float() - VOID
        target = functional.grid_sample(shifted, grid, mode='nearest', align_corners=False) + VOID
        x = (self._jitter(x + mean, draws[:, 7:]) - mean) / std
        return x, target[:, 0].long()

    def _grid(self, labels: Tensor, draws: Tensor) -> Tensor:
        """Return where each pixel of a crop lies in its image, (N, h, w, 2) as (x, y), -1 to 1."""
        image_px = labels.shape[1:]
        height, width = (min(pair) for pair in zip(self.recipe.crop_px, image_px, strict=True))
        # By scale, then (y, x): the share of the image's sides that the window covers.
        shares = torch.tensor((height, width)) / torch.tensor(image_px)
        shares = shares / torch.tensor(self.recipe.scales)[:, None]
        shares = shares.to(draws.device, non_blocking=True)
        share = shares[(draws[:, 0] * len(shares)).long()]  # (N, 2)
        # A window of share s has its centre within +-(1 - s); one larger than the image moves
        # within the same bounds about it.
        bound = (1 - share).abs()
        centre = (2 * draws[:, 1:3] - 1) * bound
        if self.recipe.class_uniform_share:
            on_class = draws[:, 4:5] < self.recipe.class_uniform_share
            place = class_places(labels, draws[:, 5], draws[:, 6])
            centre = torch.where(on_class, place.clamp(-bound, bound), centre)
        flip = torch.where(draws[:, 3] < 0.5, -1.0, 1.0)
        y = centre[:, :1] + share[:, :1] * _positions(height, draws.device)
        x = centre[:, 1:] + (flip * share[:, 1])[:, None] * _positions(width, draws.device)
        return torch.stack(
            (x[:, None, :].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)), dim=-1
        )

    def _jitter(self, x: Tensor, draws: Tensor) -> Tensor:
        if not self.recipe.color_jitter:
            return x
        factors = 1 + self.recipe.color_jitter * (2 * draws.T - 1)  # (3, N)
        brightness, contrast, saturation = factors[..., None, None, None]
        weights = torch.tensor(LUMA)[:, None, None].to(x.device, non_blocking=True)
        luma = (x * weights).sum(1, keepdim=True)
        x = luma + saturation * (x - luma)
        middle = luma.mean(dim=(2, 3), keepdim=True)
        return (brightness * (middle + contrast * (x - middle))).clamp(0, 255)


def class_places(labels: Tensor, class_draws: Tensor, pixel_draws: Tensor) -> Tensor:
    """Return a pixel of a class for each image, (N, 2) as (y, x) from -1 to 1.

    The class is drawn evenly from those that the image holds, the pixel from those of the class;
    an image of nothing but void gives one of its pixels.

    :param labels: uint8 (N, H, W)
    :param class_draws: float32 (N,) from 0 to below 1, as ``pixel_draws``
    """
    count, height, width = labels.shape
    flat = labels.flatten(1).long()
    present = torch.zeros(count, VOID + 1, dtype=torch.bool, device=labels.device)
    present.scatter_(1, flat, True)
    # In an image without any class, the first number past the classes: void.
    classes = _pick(present[:, :VOID], class_draws)
    pixels = _pick(flat == classes[:, None], pixel_draws)
    rows, columns = pixels // width, pixels % width
    return torch.stack(((2 * rows + 1) / height - 1, (2 * columns + 1) / width - 1), dim=1)


def _pick(mask: Tensor, draws: Tensor) -> Tensor:
    """Return the column of one True in each row of ``mask`` (N, M), every one equally likely.

    It is M for a row without any.
    """
    # One sum over all: a GPU would add up each row by itself, on a fraction of its cores.
    running = mask.flatten().cumsum(0, dtype=torch.int32).view(mask.shape)
    before = running[:, 0] - mask[:, 0].int()
    number = before + (draws * (running[:, -1] - before)).int()
    return torch.searchsorted(running, number[:, None], right=True)[:, 0]


def _positions(count: int, device: torch.device) -> Tensor:
    """Return the centres of ``count`` pixels that span -1 to 1."""
    return (2 * torch.arange(count, device=device) + 1) / count - 1
