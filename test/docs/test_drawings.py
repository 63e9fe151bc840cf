"""The drawings in docs/images are those that their scripts draw of the code as it is now."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / 'docs' / 'images'


def test_the_drawings_are_up_to_date(tmp_path: Path) -> None:
    code = f'import draw, pathlib; draw.main(pathlib.Path({str(tmp_path)!r}))'
    script = REPOSITORY / 'tools' / 'docs'
    subprocess.run([sys.executable, '-c', code], cwd=script, check=True)
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_text() for path in IMAGES.glob('*.svg')}


def test_the_pictures_of_the_gallery_are_small() -> None:
    pictures = list((IMAGES / 'gallery').iterdir())
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > 300_000] == []
