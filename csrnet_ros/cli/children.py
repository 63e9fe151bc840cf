"""Processes that a command starts, listens to, and never leaves behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeAlias

KEPT_LINES = 8
"""Lines of a child's log that are worth showing when it fails."""

STOP_TIMEOUT_S = 10.0

Event = dict[str, Any]
EventQueue: TypeAlias = 'SimpleQueue[tuple[Child, Event | None]]'


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
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

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

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                if line.startswith('{'):
                    self._events.put((self, json.loads(line)))
                elif line.strip():
                    self.log.append(line.rstrip())
        self._events.put((self, None))


class Children:
    """Starts processes; all of them have ended when the ``with`` block is left."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._events: EventQueue = SimpleQueue()
        self._children: list[Child] = []

    def __enter__(self) -> 'Children':
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
