"""A ROS domain of one's own, so that two runs on one machine never meet."""

import os
import socket
from collections.abc import Iterable
from functools import cache

DOMAINS = range(1, 102)
"""Those that are safe on every system, but for 0, which is everyone's."""


def own_domain() -> dict[str, str]:
    """Return the environment that keeps ROS processes among themselves, on this machine.

    The domain is this process's until it ends; no other gets it from here meanwhile.

    :raises OSError: if all are taken
    """
    return {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(_claimed()[0]),
    }


def claim(numbers: Iterable[int]) -> tuple[int, socket.socket]:
    """Return the first domain that nobody has claimed, and what claims it while it is open.

    :raises OSError: if all are taken
    """
    claimed = socket.socket(socket.AF_UNIX)
    for number in numbers:
        try:
            # An abstract name: it is in no folder, and goes with the process, however that ends.
            claimed.bind(f'\0csrnet_ros/domain/{number}')
        except OSError:
            continue
        return number, claimed
    claimed.close()
    raise OSError('every ROS domain is taken by another run; end one of them')


@cache
def _claimed() -> tuple[int, socket.socket]:
    first = os.getpid() % len(DOMAINS)  # a domain that was just left may still have orphans
    return claim([*DOMAINS[first:], *DOMAINS[:first]])
