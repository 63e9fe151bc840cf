"""Two runs on one machine never share a ROS domain."""

import subprocess
import sys

import pytest

from csrnet_ros.cli.domain import DOMAINS, claim, own_domain

# Beyond the real ones, so that no other test is kept from its own.
NUMBERS = (1001, 1002)

CLAIM = f"""
import sys
from csrnet_ros.cli.domain import claim
number, claimed = claim({NUMBERS})
print(number, flush=True)
sys.stdin.read()
"""


def start() -> tuple[subprocess.Popen, int]:
    """Start a process that claims a domain until its input ends; return it and its number."""
    process = subprocess.Popen(
        [sys.executable, '-c', CLAIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, int(process.stdout.readline())


def test_a_domain_is_anothers_only_after_the_end_of_who_has_it() -> None:
    first, number = start()
    second, other = start()
    with first, second:
        assert (number, other) == NUMBERS
        with pytest.raises(OSError, match='every ROS domain is taken'):
            claim(NUMBERS)
        first.kill()
        first.wait()
        third, again = start()
        with third:
            assert again == number


def test_a_process_has_one_domain_on_this_machine() -> None:
    assert own_domain() == own_domain()
    assert int(own_domain()['ROS_DOMAIN_ID']) in DOMAINS
    assert own_domain()['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
