"""Networks from several weights files, each with a name that tells it from the others."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csrnet_ros.model import Checkpoint, load_checkpoint


@dataclass(frozen=True, slots=True)
class NamedNetwork:
    """A checkpoint, its file, and what to call it."""

    name: str
    path: Path
    checkpoint: Checkpoint


def load_networks(paths: Sequence[Path]) -> list[NamedNetwork]:
    """Return the networks, called by their variants, or by their files where those are the same.

    :raises ValueError: if two files have the same name too
    :raises CheckpointError: if a file is not a whole checkpoint
    """
    checkpoints = [load_checkpoint(path) for path in paths]
    names = [checkpoint.config.name for checkpoint in checkpoints]
    if len(set(names)) < len(names):
        names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f'two weights files of one network are called {twice}; name each once, and give them '
            'names that tell them apart'
        )
    return [NamedNetwork(*each) for each in zip(names, paths, checkpoints, strict=True)]


def own_paths(path: Path, networks: Sequence[NamedNetwork]) -> list[Path]:
    """Return where each network's file or folder goes: if several, their names are appended."""
    if len(networks) == 1:
        return [path]
    path = Path(os.path.abspath(path))  # a name of its own, for . and .. have none
    return [path.with_stem(f'{path.stem}_{network.name}') for network in networks]
