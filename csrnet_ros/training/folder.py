"""The folder that a run keeps beside its checkpoint: the state to go on from."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from csrnet_ros.errors import TrainingError
from csrnet_ros.whole_file import write_whole

FORMAT = 1


class RunFolder:
    """Holds the last good state of one run; whoever ends the process at whatever moment.

    :param path: the folder, made when something is saved
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state_path = path / 'state.pt'

    @property
    def has_state(self) -> bool:
        """Whether there is a state to go on from."""
        return self.state_path.is_file()

    def save(self, state: dict[str, Any], *, identity: dict[str, Any]) -> None:
        """Replace the saved state; it stays whole until the new one is on the disk.

        :param state: tensors, numbers, strings, and dictionaries and lists of them
        :param identity: what the run is, which ``load`` compares
        :raises OSError: if the disk is full, or cannot be written for another reason
        """
        buffer = io.BytesIO()
        torch.save({'format': FORMAT, 'identity': identity, 'state': state}, buffer)
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.state_path, buffer.getbuffer(), durable=True)

    def load(self, *, identity: dict[str, Any]) -> dict[str, Any] | None:
        """Return the saved state, its tensors on the CPU; None if there is none.

        :raises TrainingError: if it is damaged, or that of another run
        """
        if not self.has_state:
            return None
        try:
            saved = torch.load(self.state_path, map_location='cpu', weights_only=True)
            if saved['format'] != FORMAT:
                raise ValueError(f'format {saved["format"]}, this version reads {FORMAT}')
            found, state = saved['identity'], saved['state']
        except (RuntimeError, ValueError, KeyError, EOFError, OSError, TypeError,
                pickle.UnpicklingError, zipfile.BadZipFile) as error:  # fmt: skip
            raise TrainingError(
                f'{self.state_path}: the saved state cannot be read ({error}); remove it to '
                'start anew'
            ) from error
        names = [name for name in {**found, **identity} if found.get(name) != identity.get(name)]
        if names:
            differences = '; '.join(
                f'{name} was {found.get(name)}, is {identity.get(name)}' for name in names
            )
            raise TrainingError(
                f'{self.state_path} is the state of another run: {differences}; give the same '
                'arguments as then, or another --out'
            )
        return state
