"""What the processes of a run have told."""

import os
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

from csrnet_ros.cli.children import Event

PAGE_BYTES = os.sysconf('SC_PAGE_SIZE')
ENGINE_STAGES = ('preprocess', 'network', 'postprocess')


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return pages * PAGE_BYTES / 2**20


@dataclass(frozen=True, slots=True)
class Counts:
    """Frames of one camera: sent by it, and received, published and dropped by the node."""

    sent: int
    received: int
    published: int
    dropped: int

    @property
    def settled(self) -> bool:
        """Whether the node has done with every frame."""
        return self.received == self.published + self.dropped

    def since(self, before: 'Counts') -> 'Counts':
        """Return what was added to ``before``."""
        return Counts(*(now - then for now, then in zip(astuple(self), astuple(before))))


@dataclass(frozen=True, slots=True)
class Label:
    """When a label came, and its frame's stamp, both in nanoseconds since 1970."""

    received_ns: int
    stamp_ns: int

    @property
    def age_ms(self) -> float:
        """Return how old the frame was."""
        return 1e-6 * (self.received_ns - self.stamp_ns)


class Record:
    """Remembers events.

    ``labels`` has those that came, by topic; ``sent`` how many frames a camera had sent when it
    last paused, since it started; ``diagnostics`` the last of each part of the node;
    ``transitions`` how often one succeeded or was refused; ``memory_mib`` what the node in
    service had resident, once per second.
    """

    def __init__(self) -> None:
        self.labels: dict[str, list[Label]] = {}
        self.sent: dict[str, int] = {}
        self.diagnostics: dict[str, Event] = {}
        self.transitions: Counter[bool] = Counter()
        self.memory_mib: list[float] = []

    def note(self, name: str, event: Event) -> None:
        """Take in what the process called ``name`` has told."""
        match event:
            case {'event': 'image', 'topic': topic} if name == 'listener':
                label = Label(event['received_ns'], event['stamp_ns'])
                self.labels.setdefault(topic, []).append(label)
            case {'event': 'diagnostics', 'part': part}:
                self.diagnostics[part] = event
            case {'event': 'changed', 'success': success}:
                self.transitions[success] += 1
            case {'event': 'paused', 'sent': sent}:
                self.sent[name] = sent

    def counts(self, camera: str) -> Counts:
        """Return the counts of a camera that pauses."""
        values = self.diagnostics[camera]['values']
        counts = (int(values[f'frames {fate}']) for fate in ('received', 'published', 'dropped'))
        return Counts(self.sent[camera], *counts)

    def drops(self, camera: str, reason: str) -> int:
        """Return how many frames of a camera were dropped for a reason."""
        return int(self.diagnostics[camera]['values'][f'frames dropped: {reason}'])

    def engine_ms(self, camera: str, percentile: str) -> float:
        """Return what the engine took for a frame of a camera over the last seconds."""
        values = self.diagnostics[camera]['values']
        return sum(float(values[f'{stage} {percentile} (ms)']) for stage in ENGINE_STAGES)
