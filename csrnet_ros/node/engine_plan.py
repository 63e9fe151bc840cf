"""What the node's engine is made from: weights in memory, and the settings of the moment."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from csrnet_ros.inference import SegmentationEngine, find_weights
from csrnet_ros.model import Checkpoint, load_checkpoint
from csrnet_ros.node.parameters import NodeSettings

Log = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """An engine can be built from it again and again, whatever becomes of the weights file.

    :param weights: the file that the checkpoint came from
    """

    settings: NodeSettings
    weights: Path
    checkpoint: Checkpoint

    @classmethod
    def read(cls, settings: NodeSettings, *, log: Log) -> 'EnginePlan':
        """Return the plan with the weights that ``settings`` name.

        :raises CheckpointError: if there are none, or the file is damaged or foreign
        """
        # Path.expanduser fails at a ~ that stands for no home; this leaves it as it is.
        weights = Path(os.path.expanduser(settings.weights or find_weights(settings.variant)))
        log(f'loading {weights}')
        return cls(settings, weights, load_checkpoint(weights))

    def build(self, *, log: Log) -> SegmentationEngine:
        """Return a new engine, warmed up for the images expected, one of each camera at once.

        :raises DeviceError: if the device or the backend is unknown, absent, or has too little
            memory
        """
        settings, begin_s = self.settings, time.monotonic()
        engine = SegmentationEngine(
            self.checkpoint,
            device=settings.device,
            half=settings.half,
            backend=settings.backend,
            threads=settings.threads,
            working_size=settings.working_size,
        )
        width, height = settings.image_width, settings.image_height
        log(f'warming up on {engine.device} for images of {width}x{height} pixels')
        try:
            for frames in range(1, len(settings.cameras) + 1):
                engine.warm_up(height, width, frames=frames)
        except Exception:
            with suppress(Exception):  # a broken device may refuse even that
                engine.close()
            raise
        log(
            f'CSRNet {engine.variant}, {len(engine.labels)} {engine.labels.name} classes, '
            f'{engine.precision} on {engine.device} by {engine.backend}: ready after '
            f'{time.monotonic() - begin_s:.1f} s'
        )
        return engine
