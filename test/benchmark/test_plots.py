"""Pictures of what was measured, as files."""

import re
from itertools import permutations
from pathlib import Path

import pytest

from csrnet_ros.benchmark.plots import draw_stages, merged_order

pytest.importorskip('matplotlib', reason='csrnet-bench draws with Matplotlib')


def test_stages_stand_in_the_order_in_which_a_frame_meets_them(tmp_path: Path):
    floor = dict.fromkeys(['arriving', 'convert', 'publish', 'to the listener'], 1.0)
    node = dict.fromkeys(['arriving', 'convert', 'network', 'publish', 'to the listener'], 1.0)
    path = tmp_path / 'stages.svg'  # which tells of every text in a comment
    draw_stages(path, {'floor': floor, 'node': node}, title='the way of a frame')
    texts = re.findall('<!-- (.*) -->', path.read_text())
    assert [text for text in texts if text in node] == list(node)


def test_every_order_is_kept_whichever_comes_first():
    orders = [['convert', 'publish'], ['upload', 'network'], ['convert', 'upload', 'publish']]
    orders += [['network', 'publish'], ['alone']]
    for given in permutations(orders):
        merged = merged_order(given)
        assert sorted(merged) == ['alone', 'convert', 'network', 'publish', 'upload']
        for order in orders:
            assert [stage for stage in merged if stage in order] == order
