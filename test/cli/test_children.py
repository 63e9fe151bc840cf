"""Processes that a command starts and listens to."""

from pathlib import Path

import pytest

from csrnet_ros.cli.children import Children


@pytest.mark.parametrize(
    'line', ['{ no JSON', '{"cut":', '{"deep":' + '[' * 100_000], ids=['no JSON', 'cut', 'deep']
)
def test_a_line_that_only_looks_like_an_event_is_log(tmp_path: Path, line: str) -> None:
    (tmp_path / 'talker.py').write_text(f'print({line!r})\nprint(\'{{"event": "done"}}\')\n')
    with Children({'PYTHONPATH': str(tmp_path)}) as children:
        talker = children.start('talker', 'talker')
        events = children.events()
        assert next(events) == (talker, {'event': 'done'})
        assert next(events) == (talker, None)
        assert list(talker.log) == [line]
