"""tools/build_msgs.py on a package of one file, which CMake only copies."""

import shutil
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[1] / 'tools' / 'build_msgs.py'
LISTS = 'cmake_minimum_required(VERSION 3.8)\nproject(tiny NONE)\ninstall(FILES a DESTINATION .)\n'


def build(project: Path) -> Path:
    """Build the package in ``project``, which must succeed; return where it is installed."""
    command = [sys.executable, project / 'tools' / 'build_msgs.py']
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    installed = Path(done.stdout.strip())
    assert installed.is_relative_to(project)
    return installed


def test_what_is_built_is_used_again_unless_it_was_moved_or_copied(tmp_path: Path) -> None:
    project = tmp_path / 'first'
    (project / 'tools').mkdir(parents=True)
    shutil.copy(TOOL, project / 'tools')
    (project / 'msg').mkdir()
    (project / 'msg' / 'CMakeLists.txt').write_text(LISTS)
    (project / 'msg' / 'a').write_text('one')
    (build(project) / 'built before').touch()
    (project / 'msg' / 'a').write_text('two')
    assert {path.name for path in build(project).iterdir()} == {'a', 'built before'}
    moved = project.rename(tmp_path / 'second')
    assert [path.name for path in build(moved).iterdir()] == ['a']
    (shutil.copytree(moved, project) / 'msg' / 'a').write_text('three')
    assert (build(project) / 'a').read_text() == 'three'
    assert (build(moved) / 'a').read_text() == 'two'
