"""Replay: the node on a clock that runs at any speed, stands still and jumps back."""

from collections.abc import Callable

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rosgraph_msgs.msg import Clock

RATE_HZ = 10.0
AGE_S = 0.05
"""How old each frame is when it arrives, on the clock of the bag."""


def stamp(time_s: float) -> Time:
    """Return seconds as ROS has them."""
    return Time(sec=int(time_s), nanosec=round(time_s % 1 * 1e9))


class Player:
    """A bag: it sets the clock, and sends the frame that is due, as fast as they are labelled."""

    def __init__(self, peer, image: np.ndarray, labels) -> None:
        self._peer, self._image, self._labels = peer, image, labels
        self._clock = peer.camera('/clock', Clock)
        self._send = peer.camera()
        self.sent = 0

    def connect(self, time_s: float) -> None:
        """Set the clock until the node knows the time and answers."""
        self._clock(Clock(clock=stamp(time_s)))
        self._peer.connect(self._send, self._peer.message(self._image), self._labels)

    def play(self, start_s: float, *, frames: int) -> float:
        """Play frames from a time on, each until it is labelled; return the time of the last."""
        now_s = start_s
        for number in range(frames):
            now_s = start_s + number / RATE_HZ
            self._clock(Clock(clock=stamp(now_s)))
            frame = self._peer.message(self._image)
            frame.header.stamp = stamp(now_s - AGE_S)
            self._send(frame)
            self.sent += 1
            while self._labels.get(timeout=60).header.stamp != frame.header.stamp:
                pass
        return now_s


@pytest.fixture
def player(peer, start_node: Callable, image: np.ndarray) -> Player:
    """A bag beside a node that runs on its clock."""
    start_node('-p', 'use_sim_time:=true').wait_for('labelling')
    return Player(peer, image, peer.listen('/csrnet/label'))


def newest(inbox, time_s: float) -> tuple[DiagnosticStatus, dict[str, str]]:
    """Return what the diagnostics of a time say of the camera."""
    for _ in range(60):
        array = inbox.get(timeout=60)
        if array.header.stamp == stamp(time_s):
            camera = array.status[1]
            return camera, {pair.key: pair.value for pair in camera.values}
    raise AssertionError(f'no diagnostics of {time_s} s')


def test_rates_latencies_and_silence_are_those_of_the_bag(peer, player: Player) -> None:
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    player.connect(99.0)
    for start_s in (100.0, 50.0, 20.0):  # a bag that loops, and not always to its beginning
        now_s = player.play(start_s, frames=40)
        status, values = newest(diagnostics, now_s)
        assert float(values['rate out (Hz)']) == pytest.approx(RATE_HZ, rel=0.3)
        assert float(values['rate in (Hz)']) == pytest.approx(RATE_HZ, rel=0.3)
        # Frames that met the clock a tick early or late are 100 ms older or younger.
        assert -60 < float(values['stamp to publish p50 (ms)']) < 160
        assert status.level == DiagnosticStatus.OK, status.message
        assert values['frames dropped: limited'] == '0'
    # A bag that pauses: real time goes on, that of the bag does not.
    status, values = newest(diagnostics, now_s)
    assert status.level == DiagnosticStatus.OK, status.message
    while status.level == DiagnosticStatus.OK:
        status, values = newest(diagnostics, now_s)
    assert status.level == DiagnosticStatus.WARN
    assert '/clock has stood still for' in status.message
    assert float(values['rate out (Hz)']) == pytest.approx(RATE_HZ, rel=0.3)


def test_a_clock_that_never_runs_is_reported(peer, start_node: Callable) -> None:
    start_node('-p', 'use_sim_time:=true').wait_for('labelling')
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    status = diagnostics.get(timeout=60).status[1]
    while status.level == DiagnosticStatus.OK:
        status = diagnostics.get(timeout=60).status[1]
    assert '/clock has stood still for' in status.message
