"""What TensorBoard shows of a run: scalars of every step, labelled pictures of every epoch."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from csrnet_ros.errors import TrainingError
from csrnet_ros.model import Checkpoint
from csrnet_ros.training.datasets import FileDataset
from csrnet_ros.training.evaluate import predict
from csrnet_ros.training.loop import Step

PICTURES = 3
PICTURE_HEIGHT_PX = 240
"""Taller images are thinned out to at least this."""


class Journal:
    """Writes TensorBoard's files into a folder.

    :param steps_done: what earlier files hold of later steps is void, since the run repeats them
    :param data: where the pictures come from
    :raises TrainingError: if TensorBoard is not installed
    """

    def __init__(self, folder: Path, *, steps_done: int, data: FileDataset) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainingError(f'{error}; pip install tensorboard') from error
        self._writer = SummaryWriter(folder, purge_step=steps_done + 1)
        self._data = data

    def record(self, step: Step) -> None:
        """Write the scalars of a step."""
        self._writer.add_scalar('loss', step.loss, step.number)
        self._writer.add_scalar('learning_rate', step.learning_rate, step.number)

    def record_speed(self, images_per_s: float, *, share_in_steps: float, step: int) -> None:
        """Write how fast an epoch was, at its last step.

        :param share_in_steps: of its time, what the host has spent neither on getting batches nor
            on saving. A GPU may work meanwhile on what it was given before, and idles no longer
        """
        self._writer.add_scalar('images_per_s', images_per_s, step)
        self._writer.add_scalar('share_of_time_in_steps', share_in_steps, step)

    def show(self, checkpoint: Checkpoint, *, step: int, device: torch.device) -> None:
        """Write a few pictures: image, truth and prediction side by side."""
        network = checkpoint.build().to(device)
        every = max(1, len(self._data) // PICTURES)
        for index in range(0, len(self._data), every)[:PICTURES]:
            image, truth = self._data.read(index)
            predicted = predict(network, checkpoint, image, device)
            palette = self._data.labels.palette
            picture = np.hstack([image, palette[truth], palette[predicted]])
            thin = max(1, image.shape[0] // PICTURE_HEIGHT_PX)
            self._writer.add_image(
                f'image {index}', picture[::thin, ::thin], step, dataformats='HWC'
            )
        self._writer.flush()

    def close(self) -> None:
        """End the files; what a full disk does not take is lost."""
        with suppress(OSError):
            self._writer.close()
