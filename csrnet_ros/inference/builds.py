"""Converted networks, kept on the disk so that they are made once."""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from csrnet_ros import model
from csrnet_ros.inference import convert, deploy
from csrnet_ros.model import Checkpoint
from csrnet_ros.user_cache import user_cache

KEPT = 12
"""Builds that stay on the disk, those used last, beside those of ``keep_build``: 50 MB each."""

BUILDING = '.building-'
"""What the folder of an unfinished build begins with."""

LEFT_S = 86400
"""An unfinished build as old as this was left by a process that was killed."""

DIGESTS = 'digests.json'

logger = logging.getLogger(__name__)


def build_key(checkpoint: Checkpoint, *ingredients: str) -> str:
    """Return a digest of all that a build comes from: it changes whenever that does.

    :param ingredients: whatever else the build depends on, the runtime's version for one
    """
    digest = hashlib.sha256(json.dumps(asdict(checkpoint.config)).encode())
    for name in sorted(checkpoint.weights):
        tensor = checkpoint.weights[name]
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    # A network that is computed or converted otherwise is built otherwise.
    modules = sorted(Path(model.__path__[0]).glob('*.py'))
    for source in [*modules, Path(deploy.__file__), Path(convert.__file__)]:
        digest.update(source.read_bytes())
    digest.update('\n'.join((torch.__version__, *ingredients)).encode())
    return digest.hexdigest()[:32]


def find_or_build(key: str, build: Callable[[Path], None], *, what: str) -> Path | None:
    """Return the folder of a build, made by ``build`` in an empty folder unless it is there.

    One that is damaged in any way is made anew.

    :param what: what is built, for the log
    :return: None if the disk does not take the build; the log says why
    """
    folder = user_cache() / 'builds' / key
    if _is_whole(folder):
        with contextlib.suppress(OSError):
            os.utime(folder)
        return folder
    logger.info('converting the network for %s, once for these weights', what)
    made = _make(folder, build, what=what)
    _forget_old(folder.parent)
    return made


@contextlib.contextmanager
def build_folder(key: str, build: Callable[[Path], None], *, what: str) -> Iterator[Path]:
    """Give the folder of a build; one that the disk does not take is there for this context alone.

    Parameters are those of ``find_or_build``.
    """
    if folder := find_or_build(key, build, what=what):
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        build(Path(temporary))
        yield Path(temporary)


def find_build(key: str) -> Path | None:
    """Return the folder of a build of ``keep_build``; None if there is none that is whole."""
    folder = _kept(key)
    return folder if _is_whole(folder) else None


def keep_build(key: str, build: Callable[[Path], None], *, what: str) -> Path | None:
    """Return the folder of what ``build`` makes, in place of what was there and never forgotten.

    It is for what only its user can make again. Parameters and result are those of
    ``find_or_build``.
    """
    return _make(_kept(key), build, what=what, replace=True)


def _kept(key: str) -> Path:
    return user_cache() / 'kept_builds' / key


def _make(
    folder: Path, build: Callable[[Path], None], *, what: str, replace: bool = False
) -> Path | None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(folder.parent)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=BUILDING) as temporary:
            building = Path(temporary) / 'build'
            building.mkdir()
            build(building)
            _seal(building)
            if replace or not _is_whole(folder):  # another process may have been given it by now
                shutil.rmtree(folder, ignore_errors=True)
                building.rename(folder)
    except OSError as error:
        if not replace and _is_whole(folder):
            return folder
        logger.warning('the network for %s cannot be kept (%s)', what, error)
        return None
    return folder


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.name != DIGESTS)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _seal(folder: Path) -> None:
    (folder / DIGESTS).write_text(json.dumps(_digests(folder)))


def _is_whole(folder: Path) -> bool:
    try:
        return json.loads((folder / DIGESTS).read_text()) == _digests(folder)
    except (OSError, ValueError):
        return False


def _remove_left(builds: Path) -> None:
    for folder in builds.glob(f'{BUILDING}*'):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - LEFT_S:
                shutil.rmtree(folder, ignore_errors=True)


def _forget_old(builds: Path) -> None:
    with contextlib.suppress(OSError):
        folders = [path for path in builds.iterdir() if not path.name.startswith('.')]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
