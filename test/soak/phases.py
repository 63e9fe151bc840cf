"""What is done to the node, one thing after the other, and what has to hold meanwhile."""

import signal
import time

import numpy as np
from lifecycle_msgs.msg import Transition

from soak.record import Counts
from soak.report import Report
from soak.rig import CAMERAS, Rig

FAST_HZ, SLOW_HZ = 30.0, 2.0
SLOW_SHARE = 0.2
"""On a machine that is slow itself, the slow camera sends at this share of the engine's rate."""

CYCLES = 200
SETTLED_AFTER = 20
"""Life cycles after which the memory is expected to stay."""

GROWTH = 0.05
"""Share by which memory may grow and still be called flat."""

OVERLOAD = 5.0
"""So many times the engine's own rate the front camera sends under overload."""

WINDOW_S = 10.0
"""How far back the node's diagnostics look."""

ROUNDS = 2.0
"""A frame waits for the round of the engine that is at work, and is labelled in the next."""


def restart(rig: Rig, report: Report) -> None:
    """Kill the node under load and start another."""
    rig.stream('plain', front=FAST_HZ, rear=SLOW_HZ)
    for camera in CAMERAS:
        rig.wait_for_label(camera)
    rig.say('SIGKILL of the node under load')
    rig.send_signal('node', signal.SIGKILL)
    rig.record.diagnostics.clear()
    begin_s = time.monotonic()
    rig.start_node()
    for camera in CAMERAS:
        rig.wait_for_label(camera)
    report.add('memory at the start', f'{rig.node_memory_mib():.0f} MiB')
    report.add('both cameras labelled after SIGKILL', f'{time.monotonic() - begin_s:.1f} s')


def life_cycles(rig: Rig, report: Report, *, seconds: float) -> None:
    """Take the node through its life cycle, with frames all the time, as often as time allows."""
    begin_s, cycles, memory_mib = time.monotonic(), 0, [rig.node_memory_mib()]
    rig.stream('plain', front=10.0, rear=SLOW_HZ)
    while cycles < CYCLES and time.monotonic() < begin_s + seconds:
        for transition in ('DEACTIVATE', 'CLEANUP', 'CONFIGURE', 'ACTIVATE'):
            rig.change(getattr(Transition, f'TRANSITION_{transition}'))
        rig.wait_for_label('front')
        cycles += 1
        memory_mib.append(rig.node_memory_mib())
        if cycles % 10 == 0:
            rig.say(f'life cycle {cycles} of {CYCLES}, {memory_mib[-1]:.0f} MiB')
    each_s = (time.monotonic() - begin_s) / cycles
    report.add('life cycles, each with a label', f'{cycles} of {CYCLES}, {each_s:.2f} s each')
    _add_growth(report, 'memory over the life cycles', memory_mib[SETTLED_AFTER:])


def street(rig: Rig, report: Report, *, seconds: float) -> None:
    """Send sizes and encodings in turn and bad frames; a camera dies, a subscriber hangs."""
    before = rig.pause()
    rig.record.memory_mib.clear()
    rig.stream('mixed', front=FAST_HZ, rear=SLOW_HZ)
    rig.run(seconds / 4)
    _camera_dies(rig, report)
    rig.run(seconds / 4)
    _subscriber_hangs(rig, report, seconds=seconds / 4)
    rig.run(seconds / 4)
    after = rig.pause()
    _add_accounts(report, 'mixed images', before, after, whole=('rear',))
    unreadable = sum(rig.record.drops(camera, 'unreadable') for camera in CAMERAS)
    report.add(
        'malformed frames counted as unreadable',
        f'{unreadable}',
        promise='some',
        kept=unreadable > 0,
    )


def overload(rig: Rig, report: Report, *, seconds: float) -> None:
    """Send five times what the engine can label, while a slow camera goes on beside it."""
    rig.stream('plain', front=SLOW_HZ)
    rig.run(WINDOW_S + 2)
    alone_ms = rig.record.engine_ms('front', 'p50')
    before = rig.pause()
    engine_hz = 1e3 / alone_ms
    rate_hz, slow_hz = OVERLOAD * engine_hz, min(SLOW_HZ, SLOW_SHARE * engine_hz)
    rig.say(f'overload: {rate_hz:.0f} frames/s, the engine takes {alone_ms:.1f} ms')
    rig.stream('plain', front=rate_hz, rear=slow_hz)
    ratios = [_age_over_engine(rig) for _ in range(max(1, round(seconds / WINDOW_S)))]
    after = rig.pause()
    _add_accounts(report, f'overload at {rate_hz:.0f} Hz', before, after, whole=CAMERAS)
    p50, p95, most = np.max(ratios, axis=0)
    report.add(
        'stamp to label over engine time, worst 10 s: p50 / p95 / max',
        f'{p50:.2f} / {p95:.2f} / {most:.2f}',
        promise=f'p50 and p95 at most {ROUNDS:.0f}',
        kept=max(p50, p95) <= ROUNDS,
    )
    rear = after['rear'].since(before['rear'])
    share = rear.published / rear.sent
    report.add(
        'frames of the slow camera labelled',
        f'{rear.published} of {rear.sent}',
        promise='99 %',
        kept=share >= 0.99,
    )


def memory(rig: Rig, report: Report) -> None:
    """Judge the memory in the second half of street and overload, sampled every second."""
    memory_mib = rig.record.memory_mib
    _add_growth(report, 'memory, middle to end', memory_mib[len(memory_mib) // 2 :])


def _age_over_engine(rig: Rig) -> list[float]:
    """Return how old labels are when they come, over what a round of the engine takes.

    Median over median, 95th percentile over the same, maximum over the latter.
    """
    begin = len(rig.labels('front'))
    rig.run(WINDOW_S)
    ages_ms = np.percentile([label.age_ms for label in rig.labels('front')[begin:]], (50, 95, 100))
    engine_ms = [rig.record.engine_ms('front', place) for place in ('p50', 'p95', 'p95')]
    return [age / engine for age, engine in zip(ages_ms, engine_ms)]


def _camera_dies(rig: Rig, report: Report) -> None:
    rig.say('SIGKILL of the front camera')
    rig.send_signal('front', signal.SIGKILL)
    rig.wait_for_silence('front')
    rig.wait_for_label('rear')
    begin_s = time.monotonic()
    rig.start_camera('front')
    rig.stream('mixed', front=FAST_HZ)
    rig.wait_for_label('front')
    report.add('labels after a camera came back', f'{time.monotonic() - begin_s:.1f} s')


def _subscriber_hangs(rig: Rig, report: Report, *, seconds: float) -> None:
    rig.start_hanging_listener()
    rig.run(seconds / 3)
    labels = rig.labels('front')
    rig.say('SIGSTOP of a reliable subscriber')
    begin = len(labels)
    rig.run(seconds / 3)
    stopped = len(labels)
    rig.send_signal('hanging', signal.SIGSTOP)
    rig.run(seconds / 3)
    during, free = len(labels) - stopped, stopped - begin
    rig.send_signal('hanging', signal.SIGCONT)
    report.add(
        'labels in equal times, free / while a subscriber hangs',
        f'{free} / {during}',
        promise='at least half as many',
        kept=during >= free / 2,
    )


def _add_accounts(
    report: Report,
    name: str,
    before: dict[str, Counts],
    after: dict[str, Counts],
    *,
    whole: tuple[str, ...],
) -> None:
    """Add what became of the frames; a camera of ``whole`` sent without a break."""
    for camera in CAMERAS:
        counts = after[camera].since(before[camera])
        report.add(
            f'{name}, {camera}: received = published + dropped',
            f'{counts.received} = {counts.published} + {counts.dropped}',
            promise='exactly' + (', and all that were sent' if camera in whole else ''),
            kept=counts.received == counts.published + counts.dropped
            and (camera not in whole or counts.received == counts.sent),
        )


def _add_growth(report: Report, what: str, memory_mib: list[float]) -> None:
    """Add how memory grew from the first tenth of the samples to the last."""
    if not memory_mib:
        report.add(what, 'no sample', promise='some', kept=False)
        return
    tenth = max(1, len(memory_mib) // 10)
    first, last = np.median(memory_mib[:tenth]), np.median(memory_mib[-tenth:])
    report.add(
        what,
        f'{first:.0f} to {last:.0f} MiB',
        promise=f'at most {100 * GROWTH:.0f} % more',
        kept=last <= (1 + GROWTH) * first,
    )
