"""Cameras at whose images the engine fails."""

from types import SimpleNamespace

import pytest

from csrnet_ros.node import suspects
from csrnet_ros.node.faults import REBUILD_WINDOW_S
from csrnet_ros.node.suspects import TRIALS, Suspects


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The machine's clock, which the test moves by hand."""
    clock = SimpleNamespace(now_s=100.0, monotonic=lambda: clock.now_s)
    monkeypatch.setattr(suspects, 'time', clock)
    return clock


def test_cameras_that_failed_together_are_parted_for_a_while(clock: SimpleNamespace) -> None:
    found = Suspects()
    assert not found.part('front')
    found.accuse(['front', 'rear'])
    found.acquit(['front'])
    assert found.part('front')
    assert found.part('rear')
    assert not found.hold('rear')
    clock.now_s += REBUILD_WINDOW_S
    assert not found.part('rear')


def test_a_camera_that_fails_alone_and_again_is_held_back_and_tried_later(
    clock: SimpleNamespace,
) -> None:
    found = Suspects()
    for _ in range(TRIALS):
        assert not found.hold('rear')
        found.accuse(['rear'])
    assert found.hold('rear')
    assert not found.hold('front')
    assert not found.part('front')
    clock.now_s += REBUILD_WINDOW_S
    assert not found.hold('rear')
    assert found.part('rear')
    found.accuse(['rear'])
    assert found.hold('rear')
    clock.now_s += REBUILD_WINDOW_S
    found.acquit(['rear'])
    assert not found.part('rear')
