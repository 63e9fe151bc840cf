"""Every command and program in the pages is run, or it is said where it is or why not."""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    REPOSITORY / 'README.md',
    REPOSITORY / 'CONTRIBUTING.md',
    *sorted((REPOSITORY / 'docs').rglob('*.md')),
]
SHELL = ('', 'bash')

# How a command begins, and the test that runs it, with smaller data or in another place.
RUN_BY = {
    'make demo': 'test/cli/test_demo.py',
    'colcon build': 'test/test_colcon.py',
    'csrnet-node': 'test/node/test_segmentation_node.py',
    'csrnet-explain': 'test/cli/test_explain.py',
    'csrnet-export': 'test/cli/test_export.py',
    'csrnet-bench': 'test/cli/test_bench.py',
    'csrnet-train --data camvid': 'test/cli/test_train_and_eval.py',
    'csrnet-eval --data camvid': 'test/cli/test_train_and_eval.py',
    'python tools/ablate.py': 'test/test_ablate.py',
    'torchrun': 'test/cli/test_several_machines.py',
}

# How a command begins, and what it needs that is not here.
NEEDS = {
    'make test': 'the time of all tests, of which this is one',
    'cd ~/ws/src': 'a ROS 2 workspace',
    'source install/setup.bash': 'a ROS 2 workspace',
    'rosdep': 'ROS 2',
    'pip install': 'a network',
    'ros2 ': 'ROS 2',
    'rviz2 ': 'ROS 2',
}


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in a page between two fences."""

    page: Path
    language: str
    text: str

    def commands(self) -> list[str]:
        """Return the commands of a block in the shell's language."""
        return [line for line in self.text.splitlines() if line.strip()]


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    found = re.findall(r'^```(\w*)\n(.*?)^```$', page.read_text(), re.DOTALL | re.MULTILINE)
    return [Block(page, language, text) for language, text in found]


def marked(command: str) -> bool:
    """Return whether it is said of a command that it is not run here."""
    return command.startswith((*RUN_BY, *NEEDS))


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
COMMANDS = [line for block in BLOCKS if block.language in SHELL for line in block.commands()]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages speak of, which is the working folder."""
    from csrnet_ros.media.saving import VideoFile, save_image
    from csrnet_ros.training.datasets.street import draw_street

    frames = [draw_street(n * 30, height_px=96, width_px=128)[0] for n in range(2)]
    (tmp_path / 'photos').mkdir()
    for name in ('street.png', 'street.jpg', 'photos/one.png'):
        save_image(tmp_path / name, frames[0])
    with VideoFile(tmp_path / 'drive.mp4', rate_hz=10) as video:
        for frame in frames:
            video.write(frame)
    record_bag(tmp_path / 'drive', frames)
    (tmp_path / 'models').symlink_to(REPOSITORY / 'models')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PYTHONPATH', str(REPOSITORY))
    monkeypatch.setenv('PATH', str(Path(sys.executable).parent), prepend=':')
    return tmp_path


def record_bag(path: Path, frames: list) -> None:
    """Write a bag of a camera's images."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    types = get_typestore(Stores.ROS2_JAZZY)
    kind = 'sensor_msgs/msg/Image'
    stamp = types.types['builtin_interfaces/msg/Time'](sec=1, nanosec=0)
    header = types.types['std_msgs/msg/Header'](stamp=stamp, frame_id='camera')
    with Writer(path, version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connection = writer.add_connection('/camera/image_raw', kind, typestore=types)
        for number, frame in enumerate(frames):
            height, width, _ = frame.shape
            message = types.types[kind](
                header=header, height=height, width=width, encoding='rgb8', is_bigendian=0,
                step=3 * width, data=frame.reshape(-1),
            )  # fmt: skip
            data = types.serialize_cdr(message, kind)
            writer.write(connection, 10**9 + number, data)


def run_shell(block: Block, names: dict) -> None:
    """Run the commands of a block that are not marked."""
    for line in block.commands():
        if not marked(line):
            done = subprocess.run(['bash', '-c', line], capture_output=True, text=True)
            assert done.returncode == 0, (
                f'{block.page.name}: {line}\n{done.stderr}\n'
                'A command that cannot be run here belongs into RUN_BY or NEEDS.'
            )


def run_python(block: Block, names: dict) -> None:
    """Run a program, with the names that those before it on the page have left."""
    exec(compile(block.text, str(block.page), 'exec'), names)


def read_classes(block: Block, names: dict) -> None:
    """Read a file of classes, beside an image and its labels."""
    import cv2
    import numpy as np

    from csrnet_ros.training.datasets.yaml_folder import folder

    root = Path('yard_of_readme')
    for kind in ('images', 'labels'):
        (root / kind / 'train').mkdir(parents=True)
        cv2.imwrite(str(root / kind / 'train' / 'one.png'), np.zeros((64, 64), np.uint8))
    (root / 'classes.yaml').write_text(block.text)
    assert len(folder(root, 'train')) == 1


def read_xml(block: Block, names: dict) -> None:
    """See that it is XML; what a policy allows is compared with the node by its own test."""
    ElementTree.fromstring(block.text)


def leave(block: Block, names: dict) -> None:
    """Do nothing with what is only to be looked at."""


RUNNERS: dict[str, Callable[[Block, dict], None]] = {
    **dict.fromkeys(SHELL, run_shell),
    'python': run_python,
    'yaml': read_classes,
    'xml': read_xml,
    'text': leave,
}


@pytest.mark.parametrize(
    'page', [page for page in PAGES if blocks_of(page)], ids=lambda page: page.stem
)
def test_what_a_page_shows_works_in_its_order(page: Path, place: Path) -> None:
    from csrnet_ros.media.frames import read_image

    names = {'image': read_image(place / 'street.png')}
    for block in blocks_of(page):
        assert block.language in RUNNERS, f'{page.name}: nothing runs {block.language} blocks'
        RUNNERS[block.language](block, names)


def commands_of_ours() -> Iterator[str]:
    """Return the command lines that a parser of the package reads, as a shell sees them."""
    for command in COMMANDS:
        command = re.sub(r'^torchrun .* -m csrnet_ros\.cli\.', 'csrnet-', command)
        if command.startswith('csrnet-') and not command.startswith('csrnet-node'):
            yield command


@pytest.mark.parametrize('command', list(commands_of_ours()))
def test_its_options_are_those_of_the_command(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ParsedError(Exception):
        """The command line has been read, and nothing done yet."""

    parse = argparse.ArgumentParser.parse_args

    def only_parse(parser: argparse.ArgumentParser, *arguments: object) -> None:
        parse(parser, *arguments)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', only_parse)
    monkeypatch.setattr(sys, 'argv', shlex.split(command))
    (point,) = entry_points(group='console_scripts', name=sys.argv[0])
    with pytest.raises(ParsedError):
        point.load()()


def test_every_mark_is_of_use_and_its_test_exists() -> None:
    for beginning in (*RUN_BY, *NEEDS):
        assert any(command.startswith(beginning) for command in COMMANDS), beginning
    assert [test for test in RUN_BY.values() if not (REPOSITORY / test).is_file()] == []
