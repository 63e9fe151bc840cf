"""Score-CAM: which places of a stage's maps speak for a class.

The method is that of H. Wang et al., "Score-CAM: Score-Weighted Visual Explanations for
Convolutional Neural Networks" (2020), as section 4.5 of CSRNet's paper applies it to the outputs
of the three stages. Where it asks for the score of a class, and segmentation gives one for every
pixel, we had to choose:

    A_k    channel k of a stage's last map
    M_k    A_k, bilinear to the image's size, then scaled so that its values fill 0 to 1
    R      the pixels that the network gives to the class in the whole image
    S(x)   mean over R of the class's softmax probability when the network sees x
    w_k    S(x * M_k) - S(0), for the normalised image x: where the mask is 0, the network sees
           the mean colour of its training images
    heat   ReLU(sum over k of w_k A_k), bilinear to the image's size, divided by its maximum

The weights are not passed through a softmax over k: their range is that of a probability, and
softmax would make 128 of them nearly equal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.model import Checkpoint
from csrnet_ros.model.layers import resize_bilinear

Chunk = tuple[str, Tensor]
Watch = Callable[[list[Chunk]], Iterable[Chunk]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What speaks for some classes in an image.

    :param labels: the prediction, uint8 (H, W)
    :param heats: by stage, for instance ``A4`` for the first one's map at stride 4, the heat of
        each class that is predicted somewhere: float32 (H, W), 0 to 1; all 0 where no part of the
        image speaks for the class more than the mean colour does
    """

    labels: np.ndarray
    heats: dict[str, dict[int, np.ndarray]]


class ScoreCam:
    """Explains the labels of a checkpoint's network, in float32.

    :param batch_size: masked images that the network sees at once; memory grows with it
    :raises ValueError: if ``batch_size`` is below 1
    """

    def __init__(
        self, checkpoint: Checkpoint, *, device: torch.device, batch_size: int = 8
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size is {batch_size}; at least 1 is needed')
        self._network = checkpoint.build().to(device).to(memory_format=torch.channels_last)
        self._preprocess = Preprocess(checkpoint).to(device)
        self._device = device
        self._batch_size = batch_size

    @torch.inference_mode()
    def explain(
        self, image: np.ndarray, class_ids: Sequence[int], *, watch: Watch = iter
    ) -> Explanation:
        """Return the heat of classes in an image, RGB uint8 (H, W, 3).

        All classes are scored by the same passes: one for each channel of each stage.

        :param watch: passes the batches through while it shows their progress, as tqdm does
        :raises ValueError: if a side of the image is below 64 pixels
        """
        x = self._preprocess(torch.from_numpy(image).to(self._device))
        labels = self._network(x)[0].argmax(0)
        regions = {one: labels == one for one in class_ids if (labels == one).any()}
        stages = self._stage_maps(x)
        floor = self._scores(torch.zeros_like(x), regions)
        weights: dict[str, list[Tensor]] = {name: [] for name in stages}
        chunks = [
            (name, chunk) for name, a in stages.items() for chunk in a.split(self._batch_size)
        ]
        for name, chunk in watch(chunks if regions else []):
            masks = _fill_range(resize_bilinear(chunk, (x.shape[-2], x.shape[-1])))
            weights[name].append(self._scores(x * masks, regions) - floor)
        heats = {
            name: {
                one: _heat(a, torch.cat(weights[name])[:, place], labels.shape)
                for place, one in enumerate(regions)
            }
            for name, a in stages.items()
        }
        return Explanation(labels.to(torch.uint8).cpu().numpy(), heats)

    def _stage_maps(self, x: Tensor) -> dict[str, Tensor]:
        """Return the last map of each stage, (channels, 1, h, w), by its name in Figure 4."""
        maps, last = self._network.features(x), {}
        for letter, stage, strides in zip(
            'ABC', self._network.stages, self._network.config.stages, strict=False
        ):
            maps = stage(maps)
            last[f'{letter}{strides[-1]}'] = maps[strides[-1]][0][:, None]
        return last

    def _scores(self, x: Tensor, regions: dict[int, Tensor]) -> Tensor:
        """Return the score S, (N, classes), of images (N, 3, H, W)."""
        if not regions:
            return x.new_zeros(len(x), 0)
        chances = self._network(x.contiguous(memory_format=torch.channels_last)).softmax(1)
        return torch.stack(
            [chances[:, one, region].mean(1) for one, region in regions.items()], dim=1
        )


def _fill_range(maps: Tensor) -> Tensor:
    """Return maps (N, 1, H, W) scaled to 0 to 1 each; a constant one becomes 0."""
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low) / (high - low).clamp_min(torch.finfo(maps.dtype).tiny)


def _heat(maps: Tensor, weights: Tensor, size: tuple[int, ...]) -> np.ndarray:
    """Return the heat, float32 ``size``, of maps (channels, 1, h, w) and their weights."""
    heat = (weights[:, None, None, None] * maps).sum(0, keepdim=True).relu()
    full = resize_bilinear(heat, (size[0], size[1]))[0, 0]
    full = full / full.amax().clamp_min(torch.finfo(full.dtype).tiny)
    return np.asarray(full.cpu().numpy(), np.float32)
