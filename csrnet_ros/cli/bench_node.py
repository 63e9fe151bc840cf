"""The node, measured from outside: a camera, a node and a listener on real topics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from csrnet_ros.benchmark.peak import find_peak_hz
from csrnet_ros.benchmark.phase import Phase, stage_medians_ms
from csrnet_ros.cli.children import Child, Children, Event, start_node
from csrnet_ros.cli.domain import own_domain
from csrnet_ros.errors import BenchmarkError
from csrnet_ros.extras import load_extra

LEAST_FRAMES = 10

TIMEOUT_S = 120.0
"""So long a phase may last beyond the time that its frames take to be sent."""

IDLE_SHARE = 0.5
"""The rate for latencies, unless one is given: this share of what one frame's latency allows."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is measured.

    :param parameters: of the segmentation node
    :param rate_hz: at which latencies are measured; None to choose one that the node keeps up with
    :param seconds: that frames are sent for at each rate
    :param say: is told how it goes on
    """

    size_px: tuple[int, int]
    seconds: float
    rate_hz: float | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    say: Say = print


def measure_node(settings: Settings) -> dict[str, Event]:
    """Measure the node and, at the same rate, the floor; return the figures of both.

    :raises BenchmarkError: if a process fails, or a label does not come
    """
    height_px, width_px = settings.size_px
    parameters = {
        **settings.parameters,
        'image_height': height_px,
        'image_width': width_px,
    }
    settings.say('the node')
    node = _measure(settings, partial(start_node, parameters=parameters), rate_hz=settings.rate_hz)
    settings.say('the floor')
    floor = _measure(settings, _start_relay, rate_hz=node['rate_hz'])
    return {'floor': floor, 'node': node}


def _start_relay(children: Children) -> Child:
    return children.start('relay', 'csrnet_ros.node.bench_relay')


def _start_camera(children: Children, settings: Settings) -> Child:
    height_px, width_px = settings.size_px
    sides = (f'--height-px={height_px}', f'--width-px={width_px}')
    return children.start('camera', 'csrnet_ros.node.bench_camera', *sides)


def _measure(
    settings: Settings, start: Callable[[Children], Child], *, rate_hz: float | None
) -> Event:
    with Children(own_domain()) as children:
        children.start('listener', 'csrnet_ros.node.bench_listener')
        node, camera = start(children), _start_camera(children, settings)
        stage = Stage(children, node=node, camera=camera, settings=settings)
        stage.next_diagnostics()  # from now on it is at work
        first = stage.play(rate_hz=1.0, frames=1)
        phase = stage.play(rate_hz=rate_hz or IDLE_SHARE * first.most_hz)
        diagnostics = stage.next_diagnostics()
        peak_hz = find_peak_hz(
            lambda rate_hz: stage.play(rate_hz=rate_hz).failed_share, start_hz=phase.most_hz
        )
        return {
            **phase.figures(),
            'stages_ms': stage_medians_ms(diagnostics),
            'peak_hz': peak_hz,
            'diagnostics': diagnostics,
        }


class Stage:
    """A camera, the node under test and the listener, at work."""

    def __init__(
        self, children: Children, *, node: Child, camera: Child, settings: Settings
    ) -> None:
        self._children = children
        self._settings = settings
        self._camera = camera
        self._events = children.events()
        self._usage = Usage(node.pid)

    def play(self, *, rate_hz: float, frames: int = 0) -> Phase:
        """Let a camera send frames at a rate, and return when the last of them has its label.

        :param frames: how many; 0 for as many as the settings' time allows
        """
        frames = frames or max(LEAST_FRAMES, round(rate_hz * self._settings.seconds))
        self._camera.ask(frames=frames, rate_hz=rate_hz)
        stamps_ns: list[int] = []
        received_ns: dict[int, int] = {}
        # The newest frame is never dropped for another: its label comes last, and it comes.
        for event in self._follow(TIMEOUT_S + frames / rate_hz):
            if event['event'] == 'streaming':
                self._usage.restart()
            elif event['event'] == 'sent':
                stamps_ns = event['stamps_ns']
            elif event['event'] == 'label':
                received_ns[event['stamp_ns']] = event['received_ns']
            if stamps_ns and stamps_ns[-1] in received_ns:
                break
        phase = Phase(
            rate_hz=rate_hz,
            stamps_ns=stamps_ns,
            received_ns=received_ns,
            cores=self._usage.cores(),
            memory_mib=self._usage.memory_mib(),
        )
        self._settings.say(f'{rate_hz:.2f} Hz: {phase.dropped} of {frames} dropped')
        return phase

    def next_diagnostics(self) -> dict[str, str]:
        """Return what the node says of itself the next time."""
        for event in self._follow(TIMEOUT_S):
            if event['event'] == 'diagnostics':
                return event['values']
        raise AssertionError('the events end only with an error')

    def _follow(self, timeout_s: float) -> Iterator[Event]:
        """Yield what the processes tell; once a second the diagnostics come, at the least."""
        deadline_s = monotonic() + timeout_s
        for child, event in self._events:
            if event is None:
                raise BenchmarkError(self._children.obituary(child))
            yield event
            if monotonic() > deadline_s:
                raise BenchmarkError(f'after {timeout_s:.0f} s the last frame has no label')


class Usage:
    """What a process uses of the machine."""

    def __init__(self, pid: int) -> None:
        psutil: Any = load_extra('psutil', package='psutil')
        self._process = psutil.Process(pid)
        self.restart()

    def restart(self) -> None:
        """Count from this moment on."""
        self._begin_s, self._used_s = monotonic(), self._processor_s()

    def cores(self) -> float:
        """Return the processors kept busy, on average."""
        return (self._processor_s() - self._used_s) / (monotonic() - self._begin_s)

    def memory_mib(self) -> float:
        """Return the memory that is resident now."""
        return self._process.memory_info().rss / 2**20

    def _processor_s(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system
