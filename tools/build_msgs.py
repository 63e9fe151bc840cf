"""Build an interface package on the ROS 2 wheels of an environment.

``.venv/bin/python tools/build_msgs.py [FOLDER]`` builds the package in FOLDER, by default msg/,
that is csrnet_msgs. It prints the folder in build/msgs, one for each environment and package, that
it is installed into, and does next to nothing when nothing has changed. In a workspace of an
installed ROS 2, colcon builds the package instead.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
FOREIGN = re.compile(r'/opt/python/[^;"]*/include(?:/python[0-9.]+)?(?=[;"])')


def environment(package: Path) -> dict[str, str]:
    """Build a package; return the variables with which a process finds it, and all else."""
    install = build_package(package)
    python = sysconfig.get_path('purelib', vars={'base': str(install)})
    places = {
        'PYTHONPATH': python,
        'LD_LIBRARY_PATH': str(install / 'lib'),
        'AMENT_PREFIX_PATH': str(install),
    }
    return {
        name: os.pathsep.join(filter(None, [place, os.environ.get(name)]))
        for name, place in places.items()
    }


def build_package(package: Path) -> Path:
    """Configure, build and install; what the tools say is shown only if one of them fails.

    :return: the folder that it is installed into
    """
    mend_wheels(Path(sys.prefix))
    cmake = Path(sys.executable).with_name('cmake')
    own = PROJECT / 'build' / 'msgs' / Path(sys.prefix).name.lstrip('.') / package.name
    build, install = own / 'build', own / 'install'
    if not is_of(build, package):
        shutil.rmtree(own, ignore_errors=True)
    run(cmake, '-S', package, '-B', build, '-G', 'Ninja', *options(install))
    run(cmake, '--build', build)
    run(cmake, '--install', build)
    return install


def is_of(build: Path, package: Path) -> bool:
    """Return whether ``build`` was made where it is and from ``package``; CMake takes no other."""
    cache = build / 'CMakeCache.txt'
    entries = cache.read_text().splitlines() if cache.exists() else []
    places = {'CMAKE_CACHEFILE_DIR': build, 'CMAKE_HOME_DIRECTORY': package}
    return all(f'{name}:INTERNAL={place}' in entries for name, place in places.items())


def mend_wheels(prefix: Path) -> None:
    """Make exported CMake files name headers that are here.

    The wheels name those of the machine that they were built on.
    """
    for path in prefix.glob('share/*/cmake/*_pyExport.cmake'):
        text = path.read_text()
        mended = FOREIGN.sub(lambda match: own_include(match[0]), text)
        if mended != text:
            new = path.with_name(f'{path.name}.{os.getpid()}')
            new.write_text(mended)
            new.replace(path)


def own_include(foreign: str) -> str:
    """Return this interpreter's folder of headers that stands for ``foreign``."""
    return np.get_include() if '/numpy/' in foreign else sysconfig.get_path('include')


def options(install: Path) -> list[str]:
    """Return what CMake is to know of the environment and of where to ``install``."""
    return [
        f'-DCMAKE_INSTALL_PREFIX={install}',
        f'-DCMAKE_PREFIX_PATH={sys.prefix}',
        f'-DCMAKE_MAKE_PROGRAM={Path(sys.executable).with_name("ninja")}',
        f'-DPython3_EXECUTABLE={sys.executable}',
        '-DBUILD_TESTING=OFF',
    ]


def run(*command: object) -> None:
    """Run a command; exit with what it said if it fails."""
    environment = dict(os.environ, AMENT_PREFIX_PATH=sys.prefix)
    environment['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f'{done.stdout}error: the messages cannot be built for the reason above')


if __name__ == '__main__':
    print(build_package(Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / 'msg').resolve()))
