"""Records of what was measured: JSON files, and what stands at the head of each."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from csrnet_ros.benchmark.machine import Machine
from csrnet_ros.errors import BenchmarkError

Kind = Literal['model', 'node', 'paper']
Record = dict[str, Any]

KINDS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        'model': ('figures',),
        'node': ('variant', 'size_px', 'node', 'floor'),
        'paper': ('device', 'size_px', 'figures'),
    }
)
"""What the records of each kind hold beside their heads."""

HEAD = ('command', 'machine')


def new_record(kind: Kind, machine: Machine, *, command: str, **content: object) -> Record:
    """Return what was measured, with the command and the machine that did it; JSON values only."""
    return {'kind': kind, 'command': command, 'machine': asdict(machine), **content}


def write_record(path: Path, record: Record) -> None:
    """Write a record as JSON; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + '\n')


def read_records(paths: Iterable[Path]) -> list[Record]:
    """Read records that ``write_record`` wrote.

    :raises BenchmarkError: if a file is not one; the message names it
    """
    return [_read(path) for path in paths]


def _read(path: Path) -> Record:
    try:
        record = json.loads(path.read_text())
        if record['kind'] not in KINDS:
            raise ValueError(f'kind {record["kind"]!r}, expected one of {", ".join(KINDS)}')
        if missing := [key for key in (*HEAD, *KINDS[record['kind']]) if key not in record]:
            raise ValueError(f'no {missing[0]} in it')
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(
            f'{path}: not a record of csrnet-bench ({error}); name files that its option --json '
            'wrote'
        ) from error
    return record
