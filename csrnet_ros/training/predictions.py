"""Predictions on disk: one PNG per image, named after it."""

from pathlib import Path

import numpy as np

from csrnet_ros.media.saving import save_image
from csrnet_ros.training.datasets import FileDataset


class PredictionFolder:
    """Writes predictions as single-channel PNG, of the image's size and with its name.

    The values are class ids, but for Cityscapes its labelIds, so that the folder is what its test
    server takes.

    :raises ValueError: if two images have the same name
    """

    def __init__(self, data: FileDataset, path: Path) -> None:
        self._path = path
        self._names = [f'{pair.image.stem}.png' for pair in data.pairs]
        if len(set(self._names)) < len(self._names):
            twice = next(name for name in self._names if self._names.count(name) > 1)
            raise ValueError(
                f'{data.name} has two images called {Path(twice).stem}, and {path} one place for '
                'their predictions; take a split that holds one of them'
            )
        self._values = np.array(data.prediction_values, np.uint8)
        path.mkdir(parents=True, exist_ok=True)

    def write(self, index: int, predicted: np.ndarray) -> None:
        """Write the predicted classes, uint8 (H, W), of the image at ``index``."""
        save_image(self._path / self._names[index], self._values[predicted])
