"""Write the drawings of the documentation: ``.venv/bin/python tools/docs/draw.py``."""

from pathlib import Path

from draw_modules import draw_modules
from draw_network import draw_network
from draw_threads import draw_threads

IMAGES = Path(__file__).resolve().parents[2] / 'docs' / 'images'
DRAWINGS = {
    'modules.svg': draw_modules,
    'network.svg': draw_network,
    'threads.svg': draw_threads,
}


def main(folder: Path = IMAGES) -> None:
    """Write every drawing into ``folder``."""
    for name, draw in DRAWINGS.items():
        (folder / name).write_text(draw().svg())


if __name__ == '__main__':
    main()
