"""Preprocessing and postprocessing by one kernel each, on CUDA devices that Triton serves."""

from itertools import product

import torch
import triton
from torch import Tensor

from csrnet_ros.inference.kernels import BLOCK, postprocess_kernel, preprocess_kernel
from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.model import Checkpoint


class FusedPreprocess(Preprocess):
    """``Preprocess`` that reads the image once and writes the network's input once."""

    def forward(self, image: Tensor) -> Tensor:
        """Return the network's input for an RGB image."""
        from_height, from_width = image.shape[:2]
        height, width = self.working_size or (from_height, from_width)
        x = torch.empty(
            (1, 3, height, width),
            dtype=self.mean.dtype,
            device=image.device,
            memory_format=torch.channels_last,
        )
        preprocess_kernel[_programs(height * width)](
            image.contiguous(),
            from_height,
            from_width,
            self.mean,
            self.std,
            x,
            height,
            width,
            from_height / height,
            from_width / width,
            block=BLOCK,
            enable_fp_fusion=True,
        )
        return x


class FusedPostprocess(Postprocess):
    """``Postprocess`` that never writes the logits at full size."""

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
        """Return the asked-for outputs by name, uint8, each of the image's height and width."""
        (_, channels, from_height, from_width), (height, width, _) = logits.shape, image.shape
        gray = {'labels': True, 'confidence': confidence}
        colored = {'color': color, 'overlay': overlay}
        outputs = {name: image.new_empty(height, width) for name in gray if gray[name]}
        outputs |= {name: image.new_empty(image.shape) for name in colored if colored[name]}
        postprocess_kernel[_programs(height * width)](
            logits,
            *logits.stride()[1:],
            from_height,
            from_width,
            image.contiguous(),
            self.palette,
            height,
            width,
            from_height / height,
            from_width / width,
            float(overlay_opacity),
            outputs['labels'],
            outputs.get('confidence'),
            outputs.get('color'),
            outputs.get('overlay'),
            channels=channels,
            block=BLOCK,
            enable_fp_fusion=True,
        )
        return outputs


def fused_stages(
    checkpoint: Checkpoint,
    *,
    device: torch.device,
    dtype: torch.dtype,
    working_size: tuple[int, int] | None,
) -> tuple[FusedPreprocess, FusedPostprocess]:
    """Return both modules on a CUDA device, all their kernels built.

    Triton builds a kernel when it first runs, for each choice of outputs: now, not while a robot
    drives. It keeps them in its cache on disk. Whatever error it meets is raised as it is.
    """
    preprocess = FusedPreprocess(checkpoint, working_size=working_size).to(device, dtype)
    postprocess = FusedPostprocess(checkpoint.labels).to(device)
    image = torch.zeros(8, 8, 3, dtype=torch.uint8, device=device)
    logits = torch.zeros(1, len(checkpoint.labels), 2, 2, dtype=dtype, device=device)
    with torch.cuda.device(device), torch.inference_mode():
        preprocess(image)
        for color, overlay, confidence in product((False, True), repeat=3):
            postprocess(logits, image, color=color, overlay=overlay, confidence=confidence)
    return preprocess, postprocess


def _programs(pixels: int) -> tuple[int]:
    return (triton.cdiv(pixels, BLOCK),)
