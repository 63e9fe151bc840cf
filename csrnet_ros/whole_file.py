"""Files that are there whole, or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes | memoryview, *, durable: bool = False) -> None:
    """Write a file; what stood at ``path`` stays until the new one is complete.

    A process that is killed may leave it half-written, under its name with ``.partial`` appended;
    the next one replaces that.

    :param durable: the file outlasts a loss of power from now on
    :raises OSError: if it cannot be written; nothing of it stays, since a full disk needs the room
    """
    partial = path.with_name(path.name + '.partial')
    try:
        with partial.open('wb') as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Let a renamed file survive the loss of power."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
