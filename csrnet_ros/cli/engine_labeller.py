"""A network as the node runs it, to be measured."""

import numpy as np
import torch

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.model import Checkpoint


class EngineLabeller:
    """Labels images by an engine, as ``training.evaluate.Labeller`` wants it.

    Parameters and errors are those of ``SegmentationEngine``.
    """

    def __init__(self, checkpoint: Checkpoint, *, device: torch.device, backend: str) -> None:
        engine = SegmentationEngine(checkpoint, device=str(device), backend=backend)
        self.how = f'in {engine.precision} on {engine.device} with the backend {engine.backend}'
        self._engine = engine

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Return the labels, uint8 (H, W), of an RGB image, uint8 (H, W, 3)."""
        return self._engine.segment(image).labels
