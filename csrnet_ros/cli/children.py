"""Processes that a command starts, listens to, and never leaves behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NoReturn, TypeAlias

KEPT_LINES = 8
"""Lines of a child's log that are worth showing when it fails."""

STOP_TIMEOUT_S = 10.0

IMAGE_TOPIC = '/camera/image_raw'

Event = dict[str, Any]
EventQueue: TypeAlias = 'SimpleQueue[tuple[Child, Event | None]]'


def start_node(children: 'Children', parameters: Mapping[str, object]) -> 'Child':
    """Start the segmentation node on ``IMAGE_TOPIC`` with values for its parameters.

    Nothing gets lost on the way to it, so that what is dropped is dropped by the node.
    """
    values = {
        **parameters,
        'image_topic': IMAGE_TOPIC,
        f'qos_overrides.{IMAGE_TOPIC}.subscription.reliability': 'reliable',
    }
    pairs = [f'{name}:={_yaml(value)}' for name, value in values.items()]
    arguments = [part for pair in pairs for part in ('-p', pair)]
    return children.start('node', 'csrnet_ros.node.segmentation_node', '--ros-args', *arguments)


class Child:
    """A Python module running as a process of its own.

    A line that it prints is an event if it is a JSON object; of the others, its log, the last
    ones are kept.
    """

    def __init__(
        self,
        name: str,
        arguments: list[str],
        *,
        environment: Mapping[str, str],
        events: EventQueue,
    ) -> None:
        self.name = name
        self.log: deque[str] = deque(maxlen=KEPT_LINES)
        self._events = events
        # In a session of its own, Ctrl-C reaches it only through its parent, and only once.
        self._process = subprocess.Popen(
            [sys.executable, '-m', *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def ask(self, **request: object) -> None:
        """Write a request to the process, one JSON object per line on its standard input."""
        assert self._process.stdin is not None
        # Of one that has ended the events tell, with its last words.
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + '\n')
            self._process.stdin.flush()

    def status(self) -> int:
        """Wait for the end of the process and return its exit status."""
        return self._process.wait()

    def interrupt(self) -> None:
        """Ask the process to end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def reap(self) -> None:
        """Wait for the process, end it by force if need be, and let its output go."""
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            with self._process.stdout as output:
                for line in output:
                    if (event := _event(line)) is not None:
                        self._events.put((self, event))
                    elif line.strip():
                        self.log.append(line.rstrip())
        finally:
            self._events.put((self, None))


def _yaml(value: object) -> str:
    """Return a value as YAML in one line; what JSON does not know becomes a string."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    # Python's escapes are YAML's; JSON's are not, for characters that it writes as two.
    return text.encode('ascii', 'backslashreplace').decode()


def _event(line: str) -> Event | None:
    """Return the JSON object that a line is; None if it is none."""
    if line.startswith('{'):
        with suppress(ValueError, RecursionError):
            event: Event = json.loads(line)
            return event
    return None


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


class Children:
    """Starts processes; all of them have ended when the ``with`` block is left.

    SIGTERM leaves it too, as Ctrl-C does: it raises SystemExit.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._events: EventQueue = SimpleQueue()
        self._children: list[Child] = []

    def __enter__(self) -> 'Children':
        self._before = signal.signal(signal.SIGTERM, _leave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._children:
            child.interrupt()
        for child in self._children:
            child.reap()
        signal.signal(signal.SIGTERM, self._before)

    def start(self, name: str, module: str, *arguments: str) -> Child:
        """Start a Python module with command line arguments."""
        child = Child(
            name, [module, *arguments], environment=self._environment, events=self._events
        )
        self._children.append(child)
        return child

    def obituary(self, dead: Child) -> str:
        """Return how ``dead`` ended, its last lines and, since they may say why, the others'."""
        lines = [f'the {dead.name} ended with status {dead.status()}']
        for child in (dead, *(other for other in self._children if other is not dead)):
            if child.log:
                lines.append(f'last lines of the {child.name}:')
                lines += [f'  {line}' for line in child.log]
        return '\n'.join(lines)

    def events(self) -> Iterator[tuple[Child, Event | None]]:
        """Yield what the children report, as it comes; None when one has closed its output."""
        while True:
            yield self._events.get()
