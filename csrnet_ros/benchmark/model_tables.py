"""What was measured of networks, as tables."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from csrnet_ros.benchmark.candidates import EAGER, OURS
from csrnet_ros.benchmark.model import MEASURES, Figures
from csrnet_ros.benchmark.text import table
from csrnet_ros.inference.backends import TABLE

INEXACT = frozenset(name for name, row in TABLE.items() if not row.exact)

HEADER = (
    'network',
    'run by',
    'precision',
    'device',
    'median ms',
    'quartiles ms',
    'least ms',
    'images/s',
    'of eager',
)


def by_size(figures: Iterable[Figures]) -> Iterator[tuple[str, list[Figures]]]:
    """Yield the figures that may be compared, under a title: those of one size and batch."""

    def title(row: Figures) -> str:
        height_px, width_px = row['size_px']
        batch = f', batches of {row["batch"]}' if row['batch'] > 1 else ''
        return f'{height_px}x{width_px}{batch}'

    for name, rows in groupby(figures, key=title):
        yield name, list(rows)


def measure_tables(figures: Sequence[Figures]) -> Iterator[tuple[str, str]]:
    """Yield a title and a table for every measure of figures of one size."""
    for measure in MEASURES:
        yield measure, table(HEADER, [_row(row, measure) for row in figures])


def _row(row: Figures, measure: str) -> list[str]:
    times = row['measures'][measure]
    return [
        row['network'],
        row['backend'],
        row['precision'],
        row['device'],
        f'{times["median_ms"]:.1f}',
        f'{times["q1_ms"]:.1f} to {times["q3_ms"]:.1f}',
        f'{times["min_ms"]:.1f}',
        f'{images_per_s(row, measure):.2f}',
        f'{times["ratio_to_eager"]:.2f}',
    ]


def images_per_s(row: Figures, measure: str = 'end to end') -> float:
    """Return how many images a second the median time allows."""
    return 1e3 * row['batch'] / row['measures'][measure]['median_ms']


def best_of_each(figures: Sequence[Figures]) -> dict[str, Figures]:
    """Return the fastest figures of every network, end to end, by its name.

    8 bits do not count: they do not keep the accuracy, and networks of others are not tried in
    them.
    """
    exact = (row for row in figures if row['backend'] not in INEXACT)
    best: dict[str, Figures] = {}
    for row in sorted(exact, key=images_per_s):
        best[row['network']] = row
    return {name: best[name] for name in dict.fromkeys(row['network'] for row in figures)}


def peers_table(figures: Sequence[Figures]) -> str | None:
    """Return our networks beside those of others: plain against plain, best against best.

    None if no networks of others are among the figures, which are of one size. Times are end to
    end; the factors are relative to the first network of ours.
    """
    if all(row['origin'] == OURS for row in figures):
        return None
    eager = {row['network']: row for row in figures if row['backend'] == EAGER}
    best = best_of_each(figures)
    first = figures[0]['network']
    header = (
        *('network', 'from', 'eager ms', f'of {first} eager'),
        *('best ms', 'run by', f'of {first} best'),
    )
    rows = []
    for name in eager:
        eager_ms, best_ms = _median_ms(eager[name]), _median_ms(best[name])
        rows.append(
            [
                name,
                eager[name]['origin'],
                f'{eager_ms:.1f}',
                f'{eager_ms / _median_ms(eager[first]):.2f}',
                f'{best_ms:.1f}',
                best[name]['backend'],
                f'{best_ms / _median_ms(best[first]):.2f}',
            ]
        )
    return table(header, rows)


def _median_ms(row: Figures) -> float:
    return row['measures']['end to end']['median_ms']
