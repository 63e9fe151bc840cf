"""The weights that come with the package are those that models/README.md speaks of."""

import hashlib
import json
import re
from pathlib import Path

import pytest

import commands
from csrnet_ros.model import load_checkpoint

MODELS = Path(__file__).resolve().parents[1] / 'models'
README = (MODELS / 'README.md').read_text()
FILES = sorted(MODELS.glob('*.safetensors'))


def test_there_are_weights_to_run():
    assert MODELS / 'csrnet_light_camvid.safetensors' in FILES


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_the_readme_describes_the_file(path):
    entry = re.search(rf'## {path.name}\n(.*?)(\n## |\Z)', README, re.DOTALL).group(1)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in entry
    checkpoint = load_checkpoint(path)
    assert checkpoint.config.name == path.stem.split('_')[1]
    assert f'**{checkpoint.provenance["miou"]:.2f} %**' in entry
    assert f'seed {checkpoint.provenance["seed"]}' in entry
    assert path.stat().st_size < 26e6


def test_the_light_weights_still_reach_their_figure(camvid_root, tmp_path):
    """An eighth of the test images gives about the figure of all of them."""
    path = MODELS / 'csrnet_light_camvid.safetensors'
    small = tmp_path / 'CamVid'
    small.mkdir()
    for name in ('test', 'testannot'):
        (small / name).symlink_to(camvid_root / name)
    lines = (camvid_root / 'test.txt').read_text().splitlines()[::8]
    (small / 'test.txt').write_text('\n'.join(lines))
    out = tmp_path / 'test.json'
    done = commands.run(
        'eval', '--data', 'camvid', '--root', small, '--split', 'test', '--weights', path,
        '--json', out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    assert figures['images'] == len(lines)
    assert figures['miou'] > load_checkpoint(path).provenance['miou'] - 5
