"""What was measured of the node, as tables."""

from csrnet_ros.benchmark.records import Record
from csrnet_ros.benchmark.text import table

HEADER = (
    'on the topics',
    'at Hz',
    'frames',
    'dropped',
    'p50 ms',
    'p95 ms',
    'max ms',
    'jitter ms',
    'peak Hz',
    'cores',
    'MiB',
)

ROWS = {'floor': 'only forwarding', 'node': 'the node'}

BESIDE = 'beside the engine'
"""The stage of a frame, in the diagnostics, that this benchmark is after."""


def beyond_ms(record: Record) -> float:
    """Return the median latency beyond the engine and the floor, in milliseconds."""
    node_ms, floor_ms = (record[name]['stages_ms'][BESIDE] for name in ('node', 'floor'))
    return node_ms - floor_ms


def node_table(record: Record) -> str:
    """Return the node beside the floor."""
    rows = []
    for name, title in ROWS.items():
        row = record[name]
        latency_ms = row['latency_ms']
        rows.append(
            [
                title,
                f'{row["rate_hz"]:.2f}',
                str(row['frames']),
                str(row['dropped']),
                *(f'{latency_ms[key]:.1f}' for key in ('p50', 'p95', 'max')),
                f'{row["jitter_ms"]:.1f}',
                f'{row["peak_hz"]:.2f}',
                f'{row["cores"]:.2f}',
                f'{row["memory_mib"]:.0f}',
            ]
        )
    return table(HEADER, rows)


def total_ms(row: Record) -> float:
    """Return the median time from a frame's stamp to the arrival of its labels."""
    return row['latency_ms']['p50']
