"""The layers of the package: what may import what, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'csrnet_ros'
FILES = sorted(PACKAGE.rglob('*.py'))

# From the bottom up. What stands on one line never imports its neighbour.
LAYERS = (
    {'labels', 'errors', 'user_cache', 'whole_file'},
    {'model', 'devices', 'media', 'extras'},
    {'inference', 'training'},
    {'benchmark'},
    {'node', 'cli'},
)
HEIGHT = {room: height for height, layer in enumerate(LAYERS) for room in layer}

ROS = {'rclpy', 'rcl_interfaces', 'builtin_interfaces', 'std_srvs', 'cv_bridge'}
NOT_FOR_TENSORS = {'cv2', 'logging', 'tqdm'}


def room_of(path: Path, package: Path) -> str:
    """Return the part of the package that a file belongs to."""
    return path.relative_to(package).parts[0].removesuffix('.py')


def imports_of(path: Path, package: Path) -> set[str]:
    """Return the absolute names of all that a file imports, wherever in it."""
    here = [package.name, *path.relative_to(package).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = [*base, *filter(None, [node.module])]
            names |= {'.'.join([*module, alias.name]) for alias in node.names}
    return names


def offences(path: Path, package: Path = PACKAGE) -> list[str]:
    """Return the imports with which a file breaks a rule."""
    room = room_of(path, package)
    found = []
    for name in sorted(imports_of(path, package)):
        top, second = [*name.split('.'), ''][:2]
        inner = top == package.name and second in HEIGHT and second != room
        if (
            (inner and HEIGHT[second] >= HEIGHT.get(room, 0))
            or ((top in ROS or top.endswith('_msgs')) and room != 'node')
            or (top in NOT_FOR_TENSORS and room == 'model')
        ):
            found.append(name)
    return found


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_from_below(path: Path) -> None:
    assert offences(path) == []


@pytest.mark.parametrize(
    ('path', 'line', 'offence'),
    [
        (
            'inference/engine.py',
            'from csrnet_ros.training import loop',
            'csrnet_ros.training.loop',
        ),
        ('inference/engine.py', 'from ..training import loop', 'csrnet_ros.training.loop'),
        ('inference/engine.py', 'from csrnet_ros import node', 'csrnet_ros.node'),
        ('node/segmentation_node.py', 'import csrnet_ros.cli.train', 'csrnet_ros.cli.train'),
        ('labels.py', 'from csrnet_ros.errors import ImageError', 'csrnet_ros.errors.ImageError'),
        ('cli/train.py', 'def main():\n    import rclpy', 'rclpy'),
        ('cli/train.py', 'from sensor_msgs.msg import Image', 'sensor_msgs.msg.Image'),
        ('model/csrnet.py', 'import logging', 'logging'),
    ],
)
def test_an_offence_is_found(tmp_path: Path, path: str, line: str, offence: str) -> None:
    file = tmp_path / 'csrnet_ros' / path
    file.parent.mkdir(parents=True, exist_ok=True)
    room = room_of(file, tmp_path / 'csrnet_ros')
    file.write_text(f'from csrnet_ros.{room} import itself\nimport torch\n{line}\n')
    assert offences(file, tmp_path / 'csrnet_ros') == [offence]


def test_every_part_of_the_package_has_a_layer() -> None:
    assert {room_of(path, PACKAGE) for path in FILES} - {'__init__'} <= set(HEIGHT)


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 250


@pytest.mark.parametrize(
    ('name', 'slow'),
    [
        ('labels', 'torch'),
        ('errors', 'torch'),
        ('node.demo_camera', 'torch'),
        ('node.demo_viewer', 'torch'),
        ('node.segmentation_node', 'torchvision'),
        ('cli.train', 'torchvision'),
    ],
)
def test_what_is_slow_to_load_is_loaded_by_those_who_need_it(name: str, slow: str) -> None:
    code = f'import sys, csrnet_ros.{name}; sys.exit("{slow}" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


def test_weights_and_images_are_read_without_pytorchs_compiler(
    weights: Path, small_camvid: Path
) -> None:
    # It takes seconds to load, as long as PyTorch itself.
    code = f"""
import sys
from csrnet_ros.model import load_checkpoint
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.datasets import camvid
load_checkpoint({str(weights)!r})
check_dataset(camvid({str(small_camvid)!r}, 'train'), watch=iter)
sys.exit('torch._dynamo' in sys.modules)
"""
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0
