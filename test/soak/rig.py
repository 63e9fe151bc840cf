"""The node with its cameras, listeners and operator, each a process, under our hands."""

import os
import signal
import time
from collections.abc import Callable

from csrnet_ros.cli.children import Child, Children
from soak.images import PLAIN_PX
from soak.record import Counts, Label, Record, memory_mib

CAMERAS = ('front', 'rear')
DEPTH = 200
DIAGNOSTICS_S = 2.0
"""After so long the node has told how it stands."""

TIMEOUT_S = 60.0


class PromiseError(Exception):
    """Something that was promised did not happen; the message says what."""


def camera_topic(camera: str) -> str:
    """Return where the images of a camera are published."""
    return f'/{camera}/image_raw'


def label_topic(camera: str) -> str:
    """Return where the labels of a camera come out."""
    return f'/csrnet/{camera}/label'


def node_parameters() -> dict[str, object]:
    """Return the parameters of a node to which nothing gets lost on the way."""
    parameters: dict[str, object] = {
        'device': 'cpu',
        'threads': 1,  # the cameras and the listeners need a core too
        'cameras': f'[{", ".join(CAMERAS)}]',
        'image_height': PLAIN_PX[0],
        'image_width': PLAIN_PX[1],
    }
    for camera in CAMERAS:
        subscription = f'qos_overrides.{camera_topic(camera)}.subscription'
        parameters[f'{subscription}.reliability'] = 'reliable'
        parameters[f'{subscription}.depth'] = DEPTH
    return parameters


class Rig:
    """Starts the processes, moves them, and waits for what they do.

    Whatever waits raises PromiseError if it does not come, or if a process ended that should not.

    :param children: where the processes are started; they end with it
    :param say: is told how it goes on
    """

    def __init__(self, children: Children, *, say: Callable[[str], None]) -> None:
        self.say = say
        self.record = Record()
        self._children = children
        self._events = children.events()
        self._alive: dict[str, Child] = {}
        self._start('listener', 'soak.listener', *map(label_topic, CAMERAS))
        self._start('monitor', 'soak.monitor')
        for camera in CAMERAS:
            self.start_camera(camera)
        self.start_node()

    def start_node(self) -> None:
        """Start a node, active by itself."""
        given = [
            part for item in node_parameters().items() for part in ('-p', '{}:={}'.format(*item))
        ]
        self._start('node', 'csrnet_ros.node.segmentation_node', '--ros-args', *given)

    def start_camera(self, camera: str) -> None:
        """Start a camera, which waits for requests."""
        self._start(camera, 'soak.camera', camera_topic(camera))

    def start_hanging_listener(self) -> None:
        """Start a reliable subscriber of the front camera, to be stopped in its tracks."""
        self._start('hanging', 'soak.listener', label_topic('front'), '/csrnet/front/overlay')

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process; after SIGKILL its end is expected."""
        child = self._alive[name]
        if number == signal.SIGKILL:
            del self._alive[name]
        os.kill(child.pid, number)

    def node_memory_mib(self) -> float:
        """Return the memory that the node has resident."""
        return memory_mib(self._alive['node'].pid)

    def labels(self, camera: str) -> list[Label]:
        """Return the labels of a camera that came so far."""
        return self.record.labels.setdefault(label_topic(camera), [])

    def stream(self, menu: str, **rates_hz: float) -> None:
        """Let cameras send what a menu has, each at its rate."""
        for camera, rate_hz in rates_hz.items():
            self._alive[camera].ask(rate_hz=rate_hz, menu=menu)

    def pause(self) -> dict[str, Counts]:
        """Let the cameras pause, and return the counts when the node has done with all frames."""
        record = self.record
        record.sent.clear()
        self.stream('plain', **dict.fromkeys(CAMERAS, 0))
        self.until(lambda: len(record.sent) == len(CAMERAS), 'the cameras pause')
        self.run(DIAGNOSTICS_S)
        self.until(
            lambda: all(record.counts(camera).settled for camera in CAMERAS),
            'received is published + dropped for every camera',
        )
        return {camera: record.counts(camera) for camera in CAMERAS}

    def change(self, transition: int) -> None:
        """Take the node through a transition, which must succeed."""
        done = self.record.transitions
        before, refused = done.total(), done[False]
        self._alive['monitor'].ask(transition=transition)
        self.until(lambda: done.total() > before, f'transition {transition} is answered')
        if done[False] > refused:
            raise PromiseError(f'the node refuses transition {transition}')

    def wait_for_label(self, camera: str) -> None:
        """Wait for the label of a frame that is not sent yet."""
        now_ns, labels = time.time_ns(), self.labels(camera)

        def labelled() -> bool:
            return bool(labels) and labels[-1].stamp_ns > now_ns

        self.until(labelled, f'a frame of {camera} is labelled')

    def wait_for_silence(self, camera: str) -> None:
        """Wait until the diagnostics say that nothing comes from a camera."""

        def silent() -> bool:
            status = self.record.diagnostics[camera]
            return status['broken'] and status['message'].startswith('no image on')

        self.until(silent, f'the diagnostics say that there is no image of {camera}')

    def run(self, seconds: float) -> None:
        """Let everything go on for a time."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._take()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Let everything go on until a condition holds; ``what`` says it in words."""
        end_s = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > end_s:
                raise PromiseError(
                    f'it did not happen within {TIMEOUT_S:.0f} s that {what}; {self._standing()}'
                )
            self._take()

    def _standing(self) -> str:
        """Return what the node told last, and how many labels came."""
        told = [f'{part}: {event["message"]}' for part, event in self.record.diagnostics.items()]
        counts = [f'{len(self.labels(camera))} labels of {camera}' for camera in CAMERAS]
        return '; '.join([*told, *counts, *self._alive['node'].log])

    def _start(self, name: str, module: str, *arguments: str) -> None:
        self._alive[name] = self._children.start(name, module, *arguments)

    def _take(self) -> None:
        """Take the next event; the monitor ticks once a second at the least."""
        child, event = next(self._events)
        if self._alive.get(child.name) is not child:
            return  # the last words of one that was killed
        if event is None:
            raise PromiseError(self._children.obituary(child))
        if event['event'] == 'tick' and 'node' in self._alive:
            self.record.memory_mib.append(self.node_memory_mib())
        self.record.note(child.name, event)
