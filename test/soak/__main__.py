"""Runs the real node for minutes under faults and overload, and tells whether it kept its word.

    make soak MINUTES=10

Exit status 0 if every promise was kept, 1 if one was broken, 130 after Ctrl-C.
"""

import argparse
import sys
import time
from pathlib import Path

from csrnet_ros.cli.children import Children
from csrnet_ros.cli.domain import own_domain
from soak.phases import life_cycles, memory, overload, restart, street
from soak.report import Report
from soak.rig import PromiseError, Rig

LEAST_MINUTES = 3.0
OVERLOAD_S = 60.0


def environment() -> dict[str, str]:
    """Return what the processes need to find this package, and to meet each other alone."""
    return {
        **own_domain(),
        'PYTHONPATH': str(Path(__file__).parents[1]),
    }


def soak(report: Report, *, seconds: float) -> None:
    """Do everything to the node in about so many seconds.

    :raises PromiseError: if it cannot go on
    """
    begin_s = time.monotonic()

    def say(text: str) -> None:
        print(f'{(time.monotonic() - begin_s) / 60:5.1f} min  {text}', flush=True)

    with Children(environment()) as children:
        rig = Rig(children, say=say)
        overload_s = min(OVERLOAD_S, seconds / 5)
        restart(rig, report)
        life_cycles(rig, report, seconds=seconds / 2)
        left_s = begin_s + seconds - time.monotonic()
        street(rig, report, seconds=left_s - overload_s - 20)
        overload(rig, report, seconds=overload_s)
        memory(rig, report)


def main() -> int:
    """Run, print the figures and return the exit status."""
    parser = argparse.ArgumentParser(prog='soak', description=__doc__.splitlines()[0])
    parser.add_argument('minutes', type=float, nargs='?', default=10.0)
    minutes = parser.parse_args().minutes
    if minutes < LEAST_MINUTES:
        parser.error(f'{minutes:g} minutes are too few; {LEAST_MINUTES:g} is the least')
    report, interrupted = Report(), False
    try:
        soak(report, seconds=60 * minutes)
    except PromiseError as error:
        report.broken.append(str(error))
    except KeyboardInterrupt:
        interrupted = True
    print(report.table())
    for sentence in report.broken:
        print(f'error: {sentence}', file=sys.stderr)
    return 1 if report.broken else 130 if interrupted else 0


if __name__ == '__main__':
    sys.exit(main())
