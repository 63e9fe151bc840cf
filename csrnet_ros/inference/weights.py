"""The trained weights that come with the package."""

from pathlib import Path

import csrnet_ros
from csrnet_ros.errors import CheckpointError


def models_folders() -> list[Path]:
    """Return the folders of trained weights: the source tree's, then the installed ones."""
    parents = Path(csrnet_ros.__file__).resolve().parents
    places = [parents[1] / 'models', *(up / 'share' / 'csrnet_ros' / 'models' for up in parents)]
    return [place for place in places if place.is_dir()]


def available_weights() -> list[Path]:
    """Return every weights file that comes with the package, by name."""
    return sorted(
        (path for folder in models_folders() for path in folder.glob('*.safetensors')),
        key=lambda path: path.name,
    )


def find_weights(variant: str) -> Path:
    """Return the weights that come with the package for ``variant``: csrnet_<variant>_*.

    :raises CheckpointError: if there are none; the message lists those that exist
    """
    weights = available_weights()
    for path in weights:
        if path.name.startswith(f'csrnet_{variant}_'):
            return path
    names = ', '.join(path.name for path in weights) or 'none at all'
    raise CheckpointError(
        f'no weights for variant {variant!r} come with the package (there are: {names}); train '
        f'them with csrnet-train --model {variant}, and name the file as weights'
    )
