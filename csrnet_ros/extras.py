"""Packages that only some work needs."""

import sys
from importlib import import_module
from types import ModuleType

from csrnet_ros.errors import MissingPackageError

REPORTER = 'openvino_telemetry'
"""Without this package OpenVINO and NNCF work just as well."""


def load_extra(module: str, *, package: str) -> ModuleType:
    """Return a module of a package that need not be there.

    OpenVINO and NNCF report their use to Google Analytics, by forks of the process that they are
    in: every import of them and every part of a network that is converted. Here they do not.

    :raises MissingPackageError: if it is not; the message says how to install it
    """
    sys.modules.setdefault(REPORTER, None)  # type: ignore[arg-type]  # Python's way to be absent
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f'{package} is not installed ({error}), and this needs it: pip install {package}'
        ) from error
