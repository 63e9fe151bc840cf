"""The manifests agree with each other and with what the package imports."""

import ast
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
from catkin_pkg.package import parse_package
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = parse_package(str(REPOSITORY / 'package.xml'))
MESSAGES = parse_package(str(REPOSITORY / 'msg' / 'package.xml'))

# Import name: the name in package.xml. What is not listed has the same name in both.
KEYS = {
    'PIL': 'python3-pil',
    'cv2': 'python3-opencv',
    'jinja2': 'python3-jinja2',
    'numpy': 'python3-numpy',
    'torch': 'python3-pytorch-pip',
    'torchvision': 'python3-torchvision-pip',
    'tqdm': 'python3-tqdm',
    'yaml': 'python3-yaml',
}
WITHOUT_KEY = {'apsw', 'rosbags', 'safetensors'}
# They come with torch, which names them for itself: Triton at run time, the other for type checks.
WITH_TORCH = {'triton', 'typing_extensions'}
COMMANDS = {'segment_node'} | {
    f'csrnet-{name}'
    for name in ('bag', 'bench', 'eval', 'explain', 'export', 'node', 'segment', 'train')
}
OPTIONAL = {'csrnet_msgs', 'ncnn', 'onnxruntime', 'openvino', 'pnnx', 'vision_msgs'}


def setup_field(name: str) -> str:
    """Return what setup.py itself answers when asked for one of its fields."""
    command = [sys.executable, 'setup.py', f'--{name}']
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[-1]


def imported_packages() -> set[str]:
    """Return the top-level names that the package and its launch files import."""
    files = [*REPOSITORY.glob('csrnet_ros/**/*.py'), *REPOSITORY.glob('launch/*.py')]
    names = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {name.split('.')[0] for name in names} - set(sys.stdlib_module_names) - {'csrnet_ros'}


def test_the_manifests_are_valid() -> None:
    PACKAGE.validate()
    MESSAGES.validate()


def test_the_format_is_three_and_the_build_type_ament_python() -> None:
    root = ElementTree.parse(REPOSITORY / 'package.xml').getroot()
    assert root.get('format') == '3'
    assert root.findtext('export/build_type') == 'ament_python'


@pytest.mark.parametrize('field', ['name', 'version', 'license', 'maintainer', 'maintainer-email'])
def test_setup_and_manifest_say_the_same(field: str) -> None:
    manifest = {
        'name': PACKAGE.name,
        'version': PACKAGE.version,
        'license': ' AND '.join(PACKAGE.licenses),
        'maintainer': PACKAGE.maintainers[0].name,
        'maintainer-email': PACKAGE.maintainers[0].email,
    }
    assert setup_field(field) == manifest[field]


def test_code_and_weights_have_a_licence_each_and_its_text() -> None:
    texts = [license.file for license in PACKAGE.licenses]
    assert texts == ['LICENSE', 'models/README.md']
    assert [text for text in texts if not (REPOSITORY / text).is_file()] == []


def test_the_changelog_and_the_messages_have_the_version() -> None:
    assert MESSAGES.version == PACKAGE.version
    assert f'\n{PACKAGE.version} ' in (REPOSITORY / 'CHANGELOG.rst').read_text()


def test_the_manifest_names_all_that_is_imported() -> None:
    named = {depend.name for depend in PACKAGE.exec_depends}
    imported = imported_packages() - WITHOUT_KEY - WITH_TORCH - OPTIONAL
    needed = {KEYS.get(name, name) for name in imported}
    assert needed <= named
    assert not named & OPTIONAL


def test_the_readme_lets_pip_install_the_rest_in_versions_that_colcon_builds_with() -> None:
    lines = (REPOSITORY / 'README.md').read_text().splitlines()
    (line,) = [line for line in lines if line.startswith('pip install --break-system-packages')]
    requirements = [Requirement(word) for word in shlex.split(line)[3:]]
    names = {requirement.name for requirement in requirements}
    assert names == {'torch', 'torchvision', 'safetensors', 'rosbags', 'tensorboard', 'setuptools'}
    assert [str(r) for r in requirements if not r.specifier.contains(version(r.name))] == []


def test_every_command_exists() -> None:
    commands = entry_points(group='console_scripts')
    ours = {point.name: point for point in commands if point.value.startswith('csrnet_ros.')}
    assert set(ours) == COMMANDS
    for point in ours.values():
        assert callable(point.load())


@pytest.mark.parametrize('distribution', ['kilted', 'jazzy'])
def test_every_pin_is_exact_and_names_no_place(distribution: str) -> None:
    files = [REPOSITORY / f'constraints{name}.txt' for name in ('', f'-{distribution}')]
    lines = [line for file in files for line in file.read_text().splitlines()]
    pins = [line for line in lines if not line.startswith(('#', '-c constraints.txt'))]
    pattern = r"[a-z0-9-]+==[0-9a-z.]+(; python_version (<|>=) '3\.1[13]')?"
    assert [line for line in pins if not re.fullmatch(pattern, line)] == []
    assert len(pins) == len(set(pins))


def test_every_message_of_the_folder_is_built() -> None:
    listed = re.findall(r':msg/(\w+\.msg)', (REPOSITORY / 'msg' / 'CMakeLists.txt').read_text())
    assert sorted(listed) == sorted(path.name for path in REPOSITORY.glob('msg/*.msg'))
