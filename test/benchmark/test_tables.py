"""Tables for a terminal and for Markdown, and the paper's facts in them."""

from csrnet_ros.benchmark.ablations import ablation_table
from csrnet_ros.benchmark.candidates import EAGER, OURS
from csrnet_ros.benchmark.model import MEASURES
from csrnet_ros.benchmark.model_tables import (
    best_of_each,
    by_size,
    measure_tables,
    peers_table,
)
from csrnet_ros.benchmark.paper import TABLE_3_MS
from csrnet_ros.benchmark.text import table
from csrnet_ros.model import ABLATIONS


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_text_stands_left_and_figures_right():
    assert table(('name', 'ms'), [['light', '9.5'], ['heavy', '12.5']]).splitlines() == [
        '| name  |   ms |',
        '| ----- | ---: |',
        '| light |  9.5 |',
        '| heavy | 12.5 |',
    ]


def test_every_experiment_of_the_paper_has_its_row_relative_to_heavy():
    assert list(TABLE_3_MS) == list(ABLATIONS)
    rows = [
        {
            'experiment': number,
            'network': config.name,
            'paper_ms': TABLE_3_MS[number],
            'median_ms': 10.0 * number,
        }
        for number, config in ABLATIONS.items()
    ]
    lines = ablation_table(rows).splitlines()[2:]
    assert len(lines) == 16
    assert cells(lines[0]) == ['#1', ABLATIONS[1].name, '16.6', '0.60', '10.0', '0.33']


def figures(
    network: str, backend: str, median_ms: float, *, batch: int = 1, origin: str = OURS
) -> dict:
    """Return the figures of a candidate that always takes the same time, half of eager mode's."""
    times = dict.fromkeys(('median_ms', 'q1_ms', 'q3_ms', 'min_ms'), median_ms)
    times['ratio_to_eager'] = 0.5
    return {
        'network': network, 'backend': backend, 'precision': 'float32', 'device': 'cpu',
        'origin': origin, 'size_px': [360, 480], 'batch': batch,
        'measures': dict.fromkeys(MEASURES, times),
    }  # fmt: skip


def test_the_best_way_to_run_a_network_is_one_that_keeps_its_labels():
    rows = [
        figures('light', backend, median_ms)
        for backend, median_ms in ((EAGER, 30.0), ('openvino', 20.0), ('openvino-int8', 10.0))
    ]
    assert best_of_each(rows) == {'light': rows[1]}


def test_figures_of_a_batch_stand_apart_and_count_its_images():
    one, two = figures('light', EAGER, 40.0), figures('light', 'ncnn', 20.0, batch=2)
    assert list(by_size([one, two])) == [('360x480', [one]), ('360x480, batches of 2', [two])]
    for _, text in measure_tables([two]):
        assert cells(text.splitlines()[2])[4:] == [
            '20.0', '20.0 to 20.0', '20.0', '100.00', '0.50'
        ]  # fmt: skip


def test_networks_of_others_stand_beside_ours_as_factors_of_the_first():
    ours = [figures('light', EAGER, 40.0), figures('light', 'openvino', 20.0)]
    assert peers_table(ours) is None
    theirs = [
        figures('unet', EAGER, 60.0, origin='smp'),
        figures('unet', 'openvino', 25.0, origin='smp'),
        figures('unet', 'openvino-int8', 5.0, origin='smp'),
    ]
    head, _, *rows = map(cells, peers_table(ours + theirs).splitlines())
    assert (head[3], head[6]) == ('of light eager', 'of light best')
    assert rows == [
        ['light', OURS, '40.0', '1.00', '20.0', 'openvino', '1.00'],
        ['unet', 'smp', '60.0', '1.50', '25.0', 'openvino', '1.25'],
    ]
