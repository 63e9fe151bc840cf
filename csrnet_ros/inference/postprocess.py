"""From logits to what a robot asks for: labels, confidence, colours, overlay."""

from typing import TypedDict

import torch
from torch import Tensor, nn

from csrnet_ros.labels import LabelSet
from csrnet_ros.model.layers import resize_bilinear


class Wanted(TypedDict, total=False):
    """What is asked for beside the labels: nothing unless it is named."""

    color: bool
    """The class's colour of each pixel."""

    overlay: bool
    """The image under the colours."""

    confidence: bool
    """The class's probability."""

    overlay_opacity: float
    """Share of the colours in the overlay, 0 to 1; one half unless named."""


class Postprocess(nn.Module):
    """Turns the network's logits at stride 4 into images of the camera's size."""

    palette: Tensor

    def __init__(self, labels: LabelSet) -> None:
        super().__init__()
        self.register_buffer('palette', torch.from_numpy(labels.palette))

    def forward(
        self,
        logits: Tensor,
        image: Tensor,
        *,
        color: bool = False,
        overlay: bool = False,
        confidence: bool = False,
        overlay_opacity: float = 0.5,
    ) -> dict[str, Tensor]:
        """Return the labels and what of ``Wanted`` is asked for, uint8 of the image's size.

        :param logits: (1, classes, h, w) as the network gives them before its last upsampling
        :param image: uint8 (H, W, 3)
        """
        full = resize_bilinear(logits, (image.shape[0], image.shape[1]))[0]
        best, ids = full.max(dim=0)
        outputs = {'labels': ids.to(torch.uint8)}
        if confidence:
            probability = torch.exp(best.float() - torch.logsumexp(full.float(), dim=0))
            outputs['confidence'] = (255 * probability).round().to(torch.uint8)
        if color or overlay:
            colors = self.palette[ids]
            if color:
                outputs['color'] = colors
            if overlay:
                mixed = torch.lerp(image.float(), colors.float(), overlay_opacity)
                outputs['overlay'] = mixed.round().to(torch.uint8)
        return outputs
