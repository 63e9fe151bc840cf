"""The pictures that belong to a record."""

from pathlib import Path

from csrnet_ros.benchmark.model_tables import by_size
from csrnet_ros.benchmark.node_tables import BESIDE, ROWS, total_ms
from csrnet_ros.benchmark.plots import draw_speed_and_accuracy, draw_stages
from csrnet_ros.benchmark.records import Record
from csrnet_ros.media.result_names import ResultNames

Stages = dict[str, float]


def draw_model(record: Record, folder: Path, names: ResultNames) -> dict[str, Path]:
    """Draw the pictures of every size into a folder; return them by what they show.

    :param names: gives each picture in the folder a name of its own
    """
    pictures = {}
    for title, figures in by_size(record['figures']):
        device = figures[0]['device']
        stem = names.take(f'benchmark_{device}_{title}'.replace(', ', '_').replace(' ', '_'))
        speed, stages = (folder / f'{stem}_{kind}.png' for kind in ('speed', 'stages'))
        draw_speed_and_accuracy(speed, figures, title=f'{title}, {device}')
        bars = {
            f'{row["network"]}, {row["backend"]}, {row["precision"]}': row['stages_ms']
            for row in figures
        }
        draw_stages(stages, bars, title=f'stages at {title}, {device}')
        pictures[f'Speed and accuracy at {title}'] = speed
        pictures[f'Stages at {title}'] = stages
    return pictures


def draw_node(record: Record, folder: Path, names: ResultNames) -> dict[str, Path]:
    """Draw the way of a frame through the node into a folder; return the picture by its title.

    :param names: gives each picture in the folder a name of its own
    """
    height_px, width_px = record['size_px']
    size = f'{height_px}x{width_px}'
    stem = names.take(f'benchmark_node_{record["variant"]}_{size}')
    path = folder / f'{stem}.png'
    bars = {title: frame_stages(record[name]) for name, title in ROWS.items()}
    title = f'from stamp to label: {record["variant"]}, {size}'
    draw_stages(path, bars, title=title)
    return {f'The way of a frame at {size}': path}


def frame_stages(row: Record) -> Stages:
    """Return the median times of a frame's way, in its order, in milliseconds.

    Arriving is what the node's own times leave over of the time from the stamp to publishing:
    the message's way to the node, and the wait for its turn.
    """
    stages_ms = dict(row['stages_ms'])
    age_ms, beside_ms = stages_ms.pop('stamp to publish'), stages_ms.pop(BESIDE)
    arriving_ms = beside_ms - stages_ms['convert'] - stages_ms['publish']
    return {
        'arriving': max(0.0, arriving_ms),
        **stages_ms,
        'to the listener': max(0.0, total_ms(row) - age_ms),
    }
