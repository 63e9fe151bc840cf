"""What MkDocs does not do by itself: tables made of the code, and pages made of other files.

A line ``<!-- README: Title -->`` in a page stands for that section of README.md, and
``<!-- parameters: NodeSettings -->``, ``<!-- interface -->`` and ``<!-- help: csrnet-segment -->``
for what their names say.
"""

import re
from collections.abc import Callable
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from readme import readme_section
from tables import REPOSITORY, description, interface, parameter_table

COPIES = {'models.md': 'models/README.md', 'contributing.md': 'CONTRIBUTING.md'}
PLACEHOLDER = re.compile(r'^<!-- (\w+)(?:: (.+?))? -->$', re.MULTILINE)
REMOTE = re.compile(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"')


def help_block(command: str) -> str:
    """Return the help text of a command."""
    return f'```text\n{description()["commands"][command].strip()}\n```'


FILLERS: dict[str, Callable[..., str]] = {
    'README': readme_section,
    'help': help_block,
    'interface': interface,
    'parameters': parameter_table,
}


def on_config(config: MkDocsConfig) -> None:
    """List every decision under its own heading."""
    records = sorted(REPOSITORY.glob('docs/decisions/*.md'))
    assert config.nav is not None, 'mkdocs.yml has one'
    config.nav.append({'Decisions': [f'decisions/{path.name}' for path in records]})


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages whose text stands elsewhere in the repository."""
    for page, source in COPIES.items():
        text = (REPOSITORY / source).read_text()
        files.append(File.generated(config, page, content=text))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put what they stand for into the place of the placeholders, and turn links to copies."""

    def fill(match: re.Match[str]) -> str:
        name, argument = match.groups()
        try:
            return FILLERS[name](*filter(None, [argument]))
        except (KeyError, RuntimeError, ValueError) as error:
            raise PluginError(f'{page.file.src_uri}: {match[0]}: {error}') from error

    text = PLACEHOLDER.sub(fill, markdown)
    for copy, source in COPIES.items():
        text = text.replace(f'](../{source}', f']({copy}')
    return text


def on_post_page(output: str, page: Page, **_: Any) -> None:
    """Refuse a page that would load something from elsewhere."""
    if found := REMOTE.search(output):
        raise PluginError(f'{page.file.src_uri} loads from another place: {found[0]}')
