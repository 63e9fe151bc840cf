"""The links between the pages, as someone follows them who reads the repository."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    *REPOSITORY.glob('*.md'),
    *REPOSITORY.glob('models/*.md'),
    *(REPOSITORY / 'docs').rglob('*.md'),
]
LINK = re.compile(r'\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)')


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page have."""
    headings = re.findall('^#+ (.*)$', page.read_text(), re.MULTILINE)
    kept = (re.sub(r'[^\w\- ]', '', heading.lower()) for heading in headings)
    return {heading.replace(' ', '-') for heading in kept}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f'{target}#{anchor}'
