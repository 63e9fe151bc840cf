"""The sixteen networks of the paper's Table 3, timed here and set beside the paper's times."""

from collections.abc import Sequence

import torch

from csrnet_ros.benchmark.candidates import our_candidates
from csrnet_ros.benchmark.model import Figures, compare, frames
from csrnet_ros.benchmark.paper import HEAVY, TABLE_3_MS
from csrnet_ros.benchmark.text import table
from csrnet_ros.benchmark.timing import Watch
from csrnet_ros.model import ABLATIONS

HEADER = ('experiment', 'network', 'paper ms', 'of heavy', 'here ms', 'of heavy here')


def measure_ablations(
    *, size_px: tuple[int, int], device: torch.device, seconds: float, watch: Watch = iter
) -> list[Figures]:
    """Return the time of every experiment's network alone, in eager mode, beside the paper's.

    :param size_px: height and width; the paper has 1024x2048
    """
    candidates = [  # the first of each network's, which is the plain one
        next(our_candidates(config.name, backends=(), precisions=(), device=device))
        for config in ABLATIONS.values()
    ]
    figures = compare(candidates, frames(size_px, batch=1), seconds=seconds, watch=watch)
    return [
        {
            'experiment': number,
            'network': row['network'],
            'passes': row['passes'],
            'paper_ms': TABLE_3_MS[number],
            **row['measures']['network'],
        }
        for number, row in zip(ABLATIONS, figures, strict=True)
    ]


def ablation_table(rows: Sequence[Figures]) -> str:
    """Return the experiments with the paper's time and ours, each also relative to heavy."""
    heavy = next(row for row in rows if row['experiment'] == HEAVY)
    return table(
        HEADER,
        [
            [
                f'#{row["experiment"]}',
                row['network'],
                f'{row["paper_ms"]:.1f}',
                f'{row["paper_ms"] / heavy["paper_ms"]:.2f}',
                f'{row["median_ms"]:.1f}',
                f'{row["median_ms"] / heavy["median_ms"]:.2f}',
            ]
            for row in rows
        ],
    )
