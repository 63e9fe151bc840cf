"""Where the package keeps what it can make again."""

import os
from pathlib import Path


def user_cache() -> Path:
    """Return the package's folder in the user's cache; it need not exist."""
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'csrnet_ros'
