"""The checks of tools/bootstrap.py that no machine can fail all at once."""

import importlib.util
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[1] / 'tools' / 'bootstrap.py'


@pytest.fixture(scope='module')
def bootstrap():
    """The module itself."""
    spec = importlib.util.spec_from_file_location('bootstrap', BOOTSTRAP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('minor', [10, 11, 12, 13])
def test_a_python_with_wheels_passes(bootstrap, minor: int) -> None:
    bootstrap.check_python((3, minor))


@pytest.mark.parametrize(
    ('version', 'words'),
    [((3, 6), '3.6 is too old'), ((3, 9), '3.9 is too old'), ((3, 14), '3.14 is too new')],
)
def test_a_python_without_wheels_is_refused(bootstrap, version, words: str) -> None:
    with pytest.raises(bootstrap.SetupError, match=words):
        bootstrap.check_python(version)


@pytest.mark.parametrize(
    'platform',
    [('Darwin', 'arm64', ''), ('Linux', 'aarch64', 'glibc'), ('Linux', 'x86_64', '')],
)
def test_a_platform_without_wheels_is_refused(bootstrap, platform) -> None:
    bootstrap.check_platform('Linux', 'x86_64', 'glibc')
    with pytest.raises(bootstrap.SetupError, match='install ROS 2'):
        bootstrap.check_platform(*platform)


def test_a_full_disk_is_explained(bootstrap) -> None:
    complaint = 'ERROR: Could not install packages: [Errno 28] No space left on device'
    assert 'disk is full' in bootstrap.explain(complaint)
