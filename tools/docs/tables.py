"""The documentation's tables, in Markdown, made of what the package says of itself."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from readme import readme_rows, topic_names

REPOSITORY = Path(__file__).resolve().parents[2]
MESSAGES = REPOSITORY / 'build' / 'msgs' / 'install'
READ_AT = {'start': 'at start', 'configure': 'when configured', 'live': 'at any time'}
TYPES = {'str': 'string', 'int': 'integer', 'float': 'number', 'tuple': 'list of strings'}


@cache
def description() -> dict[str, Any]:
    """Return what describe.py prints, in a process of its own that finds csrnet_msgs."""
    python = sysconfig.get_path('purelib', vars={'base': str(MESSAGES)})
    environment = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join([str(REPOSITORY), python]),
        'LD_LIBRARY_PATH': f'{MESSAGES / "lib"}:{os.environ.get("LD_LIBRARY_PATH", "")}',
        'AMENT_PREFIX_PATH': str(MESSAGES),
    }
    script = Path(__file__).with_name('describe.py')
    done = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE)
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


def topic_table() -> str:
    """Return the node's topics in the order of README.md, which says what is on them."""
    real = {row['name']: row for row in description()['topics']}
    rows, told = [], set()
    for cell, kind, content in readme_rows('Topics'):
        names = topic_names(cell)
        told.update(names)
        qos = [real[name]['qos'] for name in names if name in real]
        rows.append((cell, kind, qos[0] if qos else '', content))
    if missing := set(real) - told:
        raise ValueError(f'README.md has no row for the topics {", ".join(sorted(missing))}')
    return markdown_table(('Topic', 'Type', 'Quality of service', 'Content'), rows)


def service_table() -> str:
    """Return the node's own services."""
    rows = [(f'`{row["name"]}`', f'`{row["type"]}`') for row in description()['services']]
    if not rows:
        return 'None of its own.'
    return markdown_table(('Service', 'Type'), rows)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)
