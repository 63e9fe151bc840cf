"""Pictures of what was measured."""

from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from csrnet_ros.benchmark.candidates import EAGER, OURS
from csrnet_ros.benchmark.model import Figures
from csrnet_ros.benchmark.model_tables import best_of_each, images_per_s
from csrnet_ros.benchmark.paper import TABLE_2
from csrnet_ros.extras import load_extra

DOTS_PER_INCH = 80

SPAN = 1.08
"""How far beyond its last point an axis goes."""


def draw_speed_and_accuracy(path: Path, figures: Sequence[Figures], *, title: str) -> None:
    """Draw speed against accuracy as the paper's Figure 3 does; what the paper has stands beside.

    :param path: the picture, *.png
    :param figures: of one size, end to end; what has no accuracy is a vertical line
    :raises MissingPackageError: if Matplotlib is not installed
    """
    canvas, (here, paper) = _canvas(1, 2, size_in=(11, 4.5))
    plain = {row['network']: row for row in figures if row['backend'] == EAGER}
    best = best_of_each(figures)
    for number, (name, row) in enumerate(best.items()):
        color = f'C{number}'
        if row['miou'] is None:
            _vertical(here, row, color=color)
            continue
        rates_hz = [images_per_s(plain[name]), images_per_s(row)]
        here.plot(rates_hz, [row['miou']] * 2, '-', color=color)
        here.plot(rates_hz[0], row['miou'], 'o', mfc='white', color=color)
        here.plot(rates_hz[1], row['miou'], 'o', color=color, label=f'{name} ({row["backend"]})')
    here.set(
        title=f'{title} (hollow: plain eager)',
        xlabel='images/s, end to end',
        ylabel='mIoU in %, CamVid test',
    )
    here.set_xlim(left=0)
    here.margins(y=0.3)
    if here.get_legend_handles_labels()[0]:
        here.legend(fontsize=8, loc='best')
    _paper_panel(paper)
    _save(canvas, path)


def _vertical(axes: Any, row: Figures, *, color: str) -> None:
    rate_hz = images_per_s(row)
    axes.axvline(rate_hz, linestyle='--', linewidth=1, color=color)
    label = f'{row["network"]} ({row["backend"]})' if row['origin'] != OURS else row['network']
    axes.plot([], [], '--', color=color, label=label)


def _paper_panel(axes: Any) -> None:
    for number, row in enumerate(TABLE_2):
        ours = row.method.startswith('CSRNet')
        axes.plot(row.rate_hz, row.miou, 'o', color='C3' if ours else 'C7')
        # Neighbours in the table may lie close: their names stand above and below.
        offset = (4, 3 if number % 2 else -9)
        place = (row.rate_hz, row.miou)
        axes.annotate(row.method, place, offset, textcoords='offset points', fontsize=7)
    axes.set(title="the paper's Table 2: 960x720", xlabel='frames/s, scaled to a GTX 1080Ti')
    axes.set_xlim(0, SPAN * max(row.rate_hz for row in TABLE_2) + 15)


def draw_stages(path: Path, bars: dict[str, dict[str, float]], *, title: str) -> None:
    """Draw where the time goes: one bar for every name, of its stages one after the other.

    :param path: the picture, *.png
    :param bars: milliseconds by stage, by name, from the top
    :raises MissingPackageError: if Matplotlib is not installed
    """
    canvas, axes = _canvas(1, 1, size_in=(9, 1.2 + 0.3 * len(bars)))
    names = list(bars)
    left = [0.0] * len(names)
    for stage in merged_order(bars.values()):
        widths = [bars[name].get(stage, 0.0) for name in names]
        axes.barh(names, widths, left=left, label=stage)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(title=title, xlabel='milliseconds (medians)')
    canvas.legend(fontsize=8, loc='outside right upper')  # two bars leave no room for it inside
    _save(canvas, path)


def merged_order(orders: Iterable[Iterable[str]]) -> list[str]:
    """Return all that the orders hold, in an order in which each of them is kept.

    :raises graphlib.CycleError: if two of them contradict each other
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for order in map(list, orders):
        for stage in order:
            sorter.add(stage)
        for before, after in pairwise(order):
            sorter.add(after, before)
    return list(sorter.static_order())


def _canvas(rows: int, columns: int, *, size_in: tuple[float, float]) -> tuple[Any, Any]:
    # Without pyplot: it would look for a screen, and keep every figure.
    figure: Any = load_extra('matplotlib.figure', package='matplotlib')
    canvas = figure.Figure(figsize=size_in, layout='constrained')
    return canvas, canvas.subplots(rows, columns)


def _save(canvas: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path, dpi=DOTS_PER_INCH)
