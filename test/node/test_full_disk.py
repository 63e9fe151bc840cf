"""The node where nothing more can be written: neither its builds nor ROS's log."""

import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from node_process import NODE

# A small file system over a folder, full of one file; then the command that follows.
SCRIPT = """
mount -t tmpfs -o size=64k none "$0" || exit
cat /dev/zero > "$0/full" 2> /dev/null
exec "$@"
"""
FULL_DISK = ['unshare', '--mount', '--map-root-user', 'sh', '-c', SCRIPT]


@pytest.fixture
def on_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What starts a command whose cache and whose log are on a full disk."""
    launcher = [*FULL_DISK, str(tmp_path)]
    if shutil.which('unshare') is None:
        pytest.skip('needs unshare, of util-linux, to make a full disk')
    write = ['sh', '-c', '! echo more > "$0/more" 2> /dev/null', str(tmp_path)]
    tried = subprocess.run([*launcher, *write], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f'this user may not mount a full disk: {tried.stderr.strip()}')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    return launcher


@pytest.mark.skipif(find_spec('openvino') is None, reason='needs OpenVINO')
def test_the_node_labels_though_the_disk_is_full(
    peer, start_node: Callable, on_full_disk: list[str], engine, image: np.ndarray
) -> None:
    command = [*on_full_disk, *NODE]
    node = start_node('-r', '__ns:=/full', '-p', 'backend:=openvino', command=command)
    node.wait_for('cannot be kept .*OpenVINO cannot write it')
    node.wait_for('labelling')
    labels = peer.listen('/full/csrnet/label')
    answer = peer.ask(peer.camera('/full/camera/image_raw'), peer.message(image), labels)
    np.testing.assert_array_equal(peer.pixels(answer), engine.segment(image).labels)
