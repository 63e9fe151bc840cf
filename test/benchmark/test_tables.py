"""Tables for a terminal and for Markdown, and the paper's facts in them."""

from csrnet_ros.benchmark.ablations import ablation_table
from csrnet_ros.benchmark.model_tables import best_of_each
from csrnet_ros.benchmark.paper import TABLE_3_MS
from csrnet_ros.benchmark.text import table
from csrnet_ros.model import ABLATIONS


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
    cells = [cell.strip() for cell in lines[0].strip('|').split('|')]
    assert cells == ['#1', ABLATIONS[1].name, '16.6', '0.60', '10.0', '0.33']


def test_the_best_way_to_run_a_network_is_one_that_keeps_its_labels():
    def figures(backend: str, median_ms: float) -> dict:
        measures = {'end to end': {'median_ms': median_ms}}
        return {'network': 'light', 'backend': backend, 'batch': 1, 'measures': measures}

    rows = [figures('eager', 30.0), figures('openvino', 20.0), figures('openvino-int8', 10.0)]
    assert best_of_each(rows) == {'light': rows[1]}
