"""The slot of a camera and its rate limit."""

import queue
import threading
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sensor_msgs.msg import Image

from csrnet_ros.node.camera import Camera, CameraSlot, RateLimiter
from csrnet_ros.node.parameters import CameraSettings


def test_a_slot_keeps_the_newest_frame_and_tells_what_it_lost() -> None:
    slot = CameraSlot(threading.Condition())
    frames = [Image(height=height) for height in range(3)]
    assert [slot.put(frame) for frame in frames] == [False, True, True]
    assert slot.take() is frames[2]
    assert slot.take() is None
    assert slot.put(frames[0]) is False


def test_a_slot_wakes_who_waits_for_a_frame() -> None:
    arrived, asked, taken = threading.Condition(), threading.Event(), queue.Queue()
    slot, frame = CameraSlot(arrived), Image()

    def take() -> None:
        with arrived:  # until it waits, nothing can be put
            asked.set()
            arrived.wait()
            taken.put(slot.take())

    threading.Thread(target=take, daemon=True).start()
    assert asked.wait(60)
    slot.put(frame)
    assert taken.get(timeout=60) is frame


def test_a_camera_is_not_silent_for_the_time_before_it_is_listened_to(peer) -> None:
    clock = SimpleNamespace(now_s=100.0)
    camera = Camera(
        peer.node,
        name='late',
        settings=CameraSettings(image_topic='/late/image'),
        arrived=threading.Condition(),
        now_s=lambda: clock.now_s,
    )
    assert camera.statistics.report(clock.now_s).silent_s == 0
    clock.now_s += 1000
    camera.subscribe()
    assert camera.statistics.report(clock.now_s).silent_s == 0
    camera.close()


def test_without_a_limit_every_frame_passes() -> None:
    limiter = RateLimiter()
    assert all(limiter.admits(0.0, limit_hz=0.0) for _ in range(100))


@given(st.floats(0.5, 60), st.floats(1, 120), st.floats(0, 1e9))
@example(1.4949521518407067, 1.4949521518407067, 1.5)  # frames that are due by rounding alone
@example(0.99999, 11.0, 1.0)  # a clock that has run for about a period
def test_a_limit_holds_over_any_time_and_is_used_up(
    limit_hz: float, camera_hz: float, start_s: float
) -> None:
    limiter = RateLimiter()
    frames = int(20 * camera_hz)
    arrivals_s = [start_s + frame / camera_hz for frame in range(frames)]
    admitted = sum(limiter.admits(arrival_s, limit_hz=limit_hz) for arrival_s in arrivals_s)
    assert admitted <= 20 * limit_hz + 2
    assert admitted >= min(frames, 20 * limit_hz) * 0.95 - 2


def test_a_camera_at_the_limit_may_be_a_little_early() -> None:
    limiter = RateLimiter()
    arrivals_s = [number / 30 + (0.002 if number % 2 else 0.0) for number in range(300)]
    assert all(limiter.admits(arrival_s, limit_hz=30.0) for arrival_s in arrivals_s)


@pytest.mark.parametrize('later_s', [1000.0, 100.05, 20.0], ids=['pause', 'early', 'jump back'])
def test_the_count_starts_anew_when_the_clock_jumps(later_s: float) -> None:
    limiter = RateLimiter()
    assert limiter.admits(100.0, limit_hz=10.0)
    assert limiter.admits(later_s, limit_hz=10.0) is (later_s != 100.05)
    assert limiter.admits(later_s + 0.11, limit_hz=10.0)
