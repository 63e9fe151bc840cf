"""README.md by its sections, so that the site can show them without a second copy."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / 'README.md'

# What a link of README.md is called in the site.
PAGES = (
    ('](docs/', ']('),
    ('](models/README.md', '](models.md'),
    ('](CONTRIBUTING.md', '](contributing.md'),
)


def readme_section(title: str) -> str:
    """Return what stands under a heading of README.md, up to the next one of its level.

    The text under the first heading ends where the first section begins.
    """
    level, found, in_code = 0, [], False
    for line in README.read_text().splitlines():
        in_code ^= line.startswith('```')
        marks = 0 if in_code else len(line) - len(line.lstrip('#'))
        if level and marks and (marks <= level or level == 1):
            break
        if level:
            found.append(line)
        elif marks and line[marks:].strip() == title:
            level = marks
    if not level:
        raise ValueError(f'README.md has no section {title!r}')
    text = '\n'.join(found).strip()
    for link, page in PAGES:
        text = text.replace(link, page)
    return text


def table_after(head: str, text: str) -> re.Match[str]:
    """Return where the table stands whose head begins with a word, its rows as group 1."""
    found = re.search(rf'^\| {head} \|.*\n\| ---.*\n((?:\|.*\n?)+)', text, re.MULTILINE)
    if not found:
        raise ValueError(f'README.md has no table that begins with {head!r} here')
    return found


def cells(rows: str) -> list[list[str]]:
    """Return the cells of the rows of a table."""
    return [[cell.strip() for cell in row.split('|')[1:-1]] for row in rows.splitlines()]


def topic_names(cell: str) -> list[str]:
    """Return the topics that a cell of README.md's table names, as the node resolves them."""
    names = re.findall('`([^`]+)`', re.sub(r'\(.*?\)', '', cell))
    return [name if name.startswith('/') else f'/{name}' for name in names]
