"""What all commands share: how they end."""

import argparse
import functools
import gc
import logging
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import torch

from csrnet_ros.errors import CsrnetError


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows the defaults that there are, and keeps the lines of the description."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


def command(main: Callable[[], int | None]) -> Callable[[], int]:
    """Make a user's error one line on stderr and exit status 1, and Ctrl-C exit status 130.

    A device that is out of memory counts as a user's error. SIGTERM ends it with status 143, and
    takes what is half done with it, as Ctrl-C does. What the package logs, its choices and what
    takes time, goes to stderr too.
    """

    @functools.wraps(main)
    def run() -> int:
        gc.freeze()  # what is imported stays: to search it for garbage at the end takes a while
        logging.basicConfig(format='%(message)s')
        logging.getLogger('csrnet_ros').setLevel(logging.INFO)
        signal.signal(signal.SIGTERM, _leave)
        try:
            return main() or 0
        except (CsrnetError, ValueError, OSError) as error:
            print(f'error: {error}', file=sys.stderr)
            return 1
        except torch.OutOfMemoryError as error:
            print(
                f'error: {error}; give the device less at once (smaller images or batches), end '
                'other programs on it, or use another (--device)',
                file=sys.stderr,
            )
            return 1
        except KeyboardInterrupt:
            print('interrupted', file=sys.stderr)
            return 130

    return run


def _leave(number: int, frame: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # it may come twice for one wish
    sys.exit(128 + number)
