"""Where the package keeps what it can make again."""

import os
from pathlib import Path


def user_cache() -> Path:
    """Return the package's folder in the user's cache; it need not exist.

    Where the user has no home either, it is one that cannot be made.
    """
    return Path(os.environ.get('XDG_CACHE_HOME') or _home() / '.cache') / 'csrnet_ros'


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # HOME is not set, and the system does not know the user's number
        return Path(os.devnull)
