"""The documentation's tables, in Markdown, made of what the package says of itself."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from readme import cells, readme_section, table_after, topic_names

REPOSITORY = Path(__file__).resolve().parents[2]
READ_AT = {
    'start': 'at start',
    'configure': 'when configured',
    'load': 'when weights are loaded',
    'live': 'at any time',
}
TYPES = {'str': 'string', 'int': 'integer', 'float': 'number', 'tuple': 'list of strings'}


@cache
def description() -> dict[str, Any]:
    """Return what describe.py prints, in a process of its own that finds csrnet_msgs."""
    build = runpy.run_path(str(REPOSITORY / 'tools' / 'build_msgs.py'))
    found = build['environment'](REPOSITORY / 'msg')
    found['PYTHONPATH'] = os.pathsep.join([str(REPOSITORY), found['PYTHONPATH']])
    script = Path(__file__).with_name('describe.py')
    done = subprocess.run(
        [sys.executable, script], env={**os.environ, **found}, stdout=subprocess.PIPE
    )
    if done.returncode:
        raise RuntimeError(f'{script.name} failed for the reason above')
    return json.loads(done.stdout)


def parameter_table(table: str) -> str:
    """Return the parameters of one of the tables of the code."""
    rows = [
        (
            f'`{row["name"]}`',
            TYPES.get(row['type'], row['type']),
            f'`{json.dumps(row["default"])}`',
            allowed(row),
            READ_AT[row['read_at']],
            row['description'],
        )
        for row in description()['parameters']
        if row['table'] == table
    ]
    return markdown_table(('Parameter', 'Type', 'Default', 'Allowed', 'Read', 'Meaning'), rows)


def allowed(row: dict[str, Any]) -> str:
    """Return the values that a parameter may have, in words; empty if any of its type will do."""
    if row['bounds']:
        low, high = row['bounds']
        return f'{low:g} to {high:g}'
    return ', '.join(f'`{choice}`' for choice in row['choices'])


def interface() -> str:
    """Return README.md's section on topics, with what it does not say of them.

    :raises ValueError: if a topic or a service of the node is missing there
    """
    section = readme_section('Topics')
    services = cells(table_after('Service', section)[1])
    check_told('services', {cell for row in services for cell in topic_names(row[0])})
    table = table_after('Topic', section)
    rows, told = [], set()
    real = {row['name']: row for row in description()['topics']}
    for cell, kind, content in cells(table[1]):
        names = topic_names(cell)
        told.update(names)
        qos = next((real[name]['qos'] for name in names if name in real), '')
        rows.append((cell, kind, qos, content))
    check_told('topics', told)
    wide = markdown_table(('Topic', 'Type', 'QoS', 'Content'), rows)
    return section.replace(table[0], f'{wide}\n')


def check_told(kind: str, told: set[str]) -> None:
    """Raise ValueError unless all the node's topics or services are among ``told``."""
    if missing := {row['name'] for row in description()[kind]} - told:
        raise ValueError(f'README.md has no row for the {kind} {", ".join(sorted(missing))}')


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)
