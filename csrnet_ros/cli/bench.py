"""csrnet-bench: measure the networks and the node on this machine, and report it.

Times depend on the machine and on what else it does: compare ratios. Each command but report
prints its tables, and with --json writes the record that report is made from.
"""

import shlex
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from tqdm import tqdm

from csrnet_ros.benchmark.ablations import measure_ablations
from csrnet_ros.benchmark.candidates import our_candidates, peer_candidates
from csrnet_ros.benchmark.machine import describe_machine
from csrnet_ros.benchmark.model import Figures, compare, frames
from csrnet_ros.benchmark.peers import PEERS
from csrnet_ros.benchmark.pictures import draw_model
from csrnet_ros.benchmark.records import new_record, read_records, write_record
from csrnet_ros.benchmark.report import describe, write_report
from csrnet_ros.cli.bench_node import Settings, measure_node
from csrnet_ros.cli.bench_options import parse
from csrnet_ros.cli.command import command
from csrnet_ros.devices import find_device
from csrnet_ros.extras import load_extra
from csrnet_ros.media.result_names import ResultNames
from csrnet_ros.media.saving import prove_target, prove_writable

SIZES = ((360, 480), (720, 960))

Content = dict[str, Any]


@command
def main() -> int:
    """Do what the command line asks for."""
    args = parse(__doc__)
    if args.kind == 'report':
        print(f'look at {write_report(args.out, read_records(args.records))}')
        return 0
    prove_targets(args)
    machine = describe_machine(find_device(args.device))
    if machine.warning:
        print(f'warning: {machine.warning}', file=sys.stderr)
    content = MEASUREMENTS[args.kind](args)
    typed = shlex.join(['csrnet-bench', *sys.argv[1:]])
    record = new_record(args.kind, machine, command=typed, **content)
    print(describe(record))
    if args.json:
        write_record(args.json, record)
    if args.kind == 'model' and args.plots:
        draw_model(record, args.plots, ResultNames())
    return 0


def prove_targets(args: Namespace) -> None:
    """Make sure that what is asked for can be written, before it is measured.

    :raises OSError: if it cannot
    :raises MissingPackageError: if pictures are asked for, and Matplotlib is not installed
    """
    if args.json:
        prove_target(args.json)
    if args.kind == 'model' and args.plots:
        prove_writable(args.plots)
        load_extra('matplotlib.figure', package='matplotlib')


def choose_device(name: str) -> torch.device:
    """Return the device called ``name``, which on CUDA is the current one from now on.

    On its streams plain PyTorch runs, and is timed.
    """
    device = find_device(name)
    if device.type == 'cuda':
        torch.cuda.set_device(device)
    return device


def measure_models(args: Namespace) -> Content:
    """Return the figures of every network, size by size."""
    device = choose_device(args.device)
    peers = PEERS if args.peers == [] else args.peers or ()
    figures: list[Figures] = []
    for size_px in tqdm(args.sizes or SIZES, desc='sizes'):
        candidates = [
            candidate
            for name in args.models
            for candidate in our_candidates(
                name, backends=args.backends, precisions=args.precisions, device=device
            )
        ]
        for name in peers:
            candidates += peer_candidates(name, size_px=size_px, batch=args.batch, device=device)
        images = frames(size_px, args.batch)
        figures += compare(candidates, images, seconds=args.seconds, watch=_turns)
    return {'figures': figures}


def measure_nodes(args: Namespace) -> Content:
    """Return the figures of the node and of the floor."""
    parameters = {'variant': args.variant, 'device': args.device, 'backend': args.backend}
    settings = Settings(
        size_px=args.size,
        seconds=args.seconds,
        rate_hz=args.rate,
        parameters=parameters,
        say=partial(print, file=sys.stderr),
    )
    return {'variant': args.variant, 'size_px': args.size, **measure_node(settings)}


def measure_paper(args: Namespace) -> Content:
    """Return the figures of the sixteen networks of Table 3."""
    device = choose_device(args.device)
    figures = measure_ablations(
        size_px=args.size, device=device, seconds=args.seconds, watch=_turns
    )
    return {'device': device.type, 'size_px': args.size, 'figures': figures}


MEASUREMENTS: dict[str, Callable[[Namespace], Content]] = {
    'model': measure_models,
    'node': measure_nodes,
    'paper': measure_paper,
}

_turns = partial(tqdm, desc='turns', leave=False)

if __name__ == '__main__':
    sys.exit(main())
