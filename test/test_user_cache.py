"""The folder of what can be made again, with a home and without."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from csrnet_ros.user_cache import user_cache

# A user whom the system does not know, as in a container that is given a number of its own.
STRANGER = ['unshare', '--map-user=54321', 'env', '--unset=HOME', '--unset=XDG_CACHE_HOME']


def test_the_folder_is_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert user_cache() == tmp_path / '.cache' / 'csrnet_ros'
    monkeypatch.setenv('XDG_CACHE_HOME', '/elsewhere')
    assert user_cache() == Path('/elsewhere/csrnet_ros')


def test_without_a_home_it_is_one_that_cannot_be_made() -> None:
    if shutil.which('unshare') is None:
        pytest.skip('needs unshare, of util-linux, to be a user without a home')
    tried = subprocess.run([*STRANGER, 'true'], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f'this user may not be another one: {tried.stderr.strip()}')
    code = 'from csrnet_ros.user_cache import user_cache; print(user_cache())'
    done = subprocess.run([*STRANGER, sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with pytest.raises(OSError, match='Not a directory'):
        Path(done.stdout.strip()).mkdir(parents=True)
