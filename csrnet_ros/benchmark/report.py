"""What the records say, as Markdown: on a terminal, and in docs/benchmark.md with its pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from csrnet_ros.benchmark.ablations import ablation_table
from csrnet_ros.benchmark.model_tables import by_size, measure_tables, peers_table
from csrnet_ros.benchmark.node_tables import beyond_ms, node_table
from csrnet_ros.benchmark.pictures import draw_model, draw_node
from csrnet_ros.benchmark.records import KINDS, Kind, Record
from csrnet_ros.benchmark.text import table
from csrnet_ros.media.result_names import ResultNames
from csrnet_ros.model import VARIANTS

HEAD = """# Benchmark

Written by `csrnet-bench report` from the records of real runs; the commands stand with the
figures. Times depend on the machine and on what else it does: **compare the ratios**, within one
table.
"""

INTRODUCTIONS: Mapping[Kind, str] = MappingProxyType(
    {
        'model': """## Networks

All candidates label the same drawn frames in one process, in turn, so that what slows the machine
slows all alike: 50 turns, or as many as fit into the time given, 10 s for each candidate unless
said otherwise, but no fewer than 5. Before that come two passes untimed. Three measures of the
same passes, never mixed:

- **network**: from the normalised batch to the logits;
- **labels**: from there on to labels of the image's size;
- **end to end**: from uint8 images in host memory to uint8 labels in host memory.

On CUDA the stages are timed by events on the device, and a pass ends when the labels are in host
memory. *of eager* is the median divided by that of the same network in plain eager PyTorch,
float32, written as a user would, the image in PyTorch's own layout as torchvision's `to_tensor`
gives it; below 1 is faster. *eager-channels-last* is the same with the channels of a pixel side by
side, in network and image: PyTorch's convolutions on a CPU are faster so.

Networks of others, which could be installed instead, take the same turns. **Their weights are
random**: nothing was downloaded, and only their speed is measured. They run in plain eager PyTorch
and, on a CPU, converted for OpenVINO and for ncnn, but for FPN, on which ncnn crashes. The last
table of each size compares end to end: plain with plain, and the best way to run each network with
the best way to run the others, 8 bits left out.
""",
        'node': """## Node

A camera, the node and a listener are three processes on real topics of this machine, on the
loopback. Beside the node stands the floor: in its place, one that converts the image and
publishes labels of its size at once, without a network. Times are from a frame's stamp, set just
before it is published, to the arrival of its labels, at a rate that the node keeps up with: half
of what its latency allows, unless said otherwise. *jitter* is the standard deviation of the times
between labels, *peak* the highest rate with fewer than 5 % of the frames dropped, *cores* the
processors that the process kept busy, *MiB* its resident memory (the floor loads the same
libraries).

**Beyond engine and floor** is defined for each frame by the process that publishes it: the time
from its stamp until its labels are published, less the stages of the engine. It is the median of
that in the node, less the same median in the floor, over the last 10 s at that rate.
""",
        'paper': """## The paper's Table 3

The sixteen networks of the paper's Table 3, untrained where no weights come with the package. The
network alone, in plain eager PyTorch, float32, in turn as above; the paper has 1024x2048 images
and a GTX 1080Ti. *of heavy* is relative to #3.
""",
    }
)


def write_report(folder: Path, records: Sequence[Record]) -> Path:
    """Write benchmark.md and images/*.png into a folder; return the page.

    :raises MissingPackageError: if Matplotlib is not installed
    """
    page = folder / 'benchmark.md'
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text('\n'.join(_parts(folder, records)))
    return page


def describe(record: Record) -> str:
    """Return the tables of a record."""
    return '\n\n'.join(DESCRIPTIONS[record['kind']](record))


def _parts(folder: Path, records: Sequence[Record]) -> Iterator[str]:
    yield HEAD
    names = ResultNames()
    for kind in KINDS:
        chosen = [record for record in records if record['kind'] == kind]
        if chosen:
            yield INTRODUCTIONS[kind]
        for record in chosen:
            yield f'{_origin(record)}\n\n{describe(record)}\n'
            for title, path in PICTURES[kind](record, folder / 'images', names).items():
                yield f'![{title}]({path.relative_to(folder)})\n'
    if all(record['machine']['gpu'] is None for record in records):
        rows = [[name, 'cuda', 'not run'] for name in VARIANTS]
        yield f'## GPU\n\n{table(("network", "device", "end to end ms"), rows)}\n'
    yield _machines(records)


def _describe_model(record: Record) -> Iterator[str]:
    for size, figures in by_size(record['figures']):
        passes = figures[0]['passes']
        for measure, text in measure_tables(figures):
            yield f'### {size}, {measure} ({passes} passes)'
            yield text
        beside = peers_table(figures)
        if beside is not None:
            yield f'### {size}, end to end, beside networks of others with random weights'
            yield beside
    known = {row['network']: row['miou'] for row in record['figures'] if row['miou'] is not None}
    if known:
        told = ', '.join(f'{name} {miou:.1f} %' for name, miou in known.items())
        yield (
            f'The accuracy is that of the weights of that day: {told}. The speed does not '
            'depend on them.'
        )


def _describe_node(record: Record) -> Iterator[str]:
    height_px, width_px = record['size_px']
    values = record['node']['diagnostics']
    engine = ', '.join(values[key] for key in ('backend', 'precision', 'device') if key in values)
    yield f'### {record["variant"]}, {height_px}x{width_px}, {engine}'
    yield node_table(record)
    yield f'Beyond engine and floor: **{beyond_ms(record):.2f} ms** (median).'


def _describe_paper(record: Record) -> Iterator[str]:
    height_px, width_px = record['size_px']
    yield f'### {height_px}x{width_px}, {record["device"]}'
    yield ablation_table(record['figures'])


DESCRIPTIONS: Mapping[Kind, Callable[[Record], Iterator[str]]] = MappingProxyType(
    {'model': _describe_model, 'node': _describe_node, 'paper': _describe_paper}
)

PICTURES: Mapping[Kind, Callable[[Record, Path, ResultNames], dict[str, Path]]] = MappingProxyType(
    {'model': draw_model, 'node': draw_node, 'paper': lambda *_: {}}
)


def _origin(record: Record) -> str:
    machine = record['machine']
    return (
        f'`{record["command"]}`, {machine["date"]}; at the start the load average was '
        f'{machine["load_average"]:.2f}, and {machine["busy_percent"]:.0f} % of the processors '
        'were in use.'
    )


def _machines(records: Sequence[Record]) -> str:
    """Return the machines that the records come from, each of them once."""
    texts = dict.fromkeys(machine_table(record['machine']) for record in records)
    return '\n'.join(['## Machine\n', *(f'{text}\n' for text in texts)])


def machine_table(machine: Mapping[str, Any]) -> str:
    """Return what stays the same of a machine from run to run."""
    clock_mhz = machine['clock_mhz']
    rows = [
        ['CPU', f'{machine["cpu"]}, {machine["instructions"]}'],
        ['clock', 'not told' if clock_mhz is None else f'{clock_mhz:.0f} MHz'],
        ['processors, threads', f'{machine["cores"]}, {machine["threads"]}'],
        ['memory', f'{machine["memory_gib"]:.1f} GiB'],
        ['GPU', machine['gpu'] or 'none used'],
        ['system', machine['system']],
        ['versions', ', '.join(f'{name} {text}' for name, text in machine['versions'].items())],
    ]
    return table(('machine', ''), rows)
