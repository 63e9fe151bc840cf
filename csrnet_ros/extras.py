"""Packages that only some work needs."""

from importlib import import_module
from types import ModuleType

from csrnet_ros.errors import MissingPackageError


def load_extra(module: str, *, package: str) -> ModuleType:
    """Return a module of a package that need not be there.

    :raises MissingPackageError: if it is not; the message says how to install it
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f'{package} is not installed ({error}), and this needs it: pip install {package}'
        ) from error
