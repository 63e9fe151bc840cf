"""tools/ablate.py: the table of what each part of a recipe is worth."""

import json
import runpy
from pathlib import Path

import commands

SCRIPT = Path(__file__).parents[1] / 'tools' / 'ablate.py'

OPTIONS = ['--seeds=4', '--epochs=1', '--batch-size=2', '--device=cpu', '--crop', '64', '64']

MEASURED = 'without hard pixels'


def test_only_what_is_missing_is_measured_and_all_of_it_compared(small_camvid, tmp_path):
    done = tmp_path / 'runs'
    done.mkdir()
    for number, name in enumerate(runpy.run_path(str(SCRIPT))['CHANGES']):
        if name != MEASURED:
            scores = {'average': 50.0 - number, 'last': 47.5}
            (done / f'{name}, seed 4.json').write_text(json.dumps(scores))
    run = commands.run(SCRIPT, '--root', small_camvid, '--out', done, *OPTIONS)
    assert run.returncode == 0, run.stderr
    started = [line for line in run.stderr.splitlines() if line.endswith(', seed 4')]
    assert started == [f'{MEASURED}, seed 4']

    found = json.loads((done / f'{MEASURED}, seed 4.json').read_text())
    assert found['settings']['ohem_probability'] == 1
    assert found['settings']['auxiliary_weight'] == 0.4
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in run.stdout.splitlines()]
    assert rows[0] == ['recipe', 'seed 4', 'mean', 'change']
    by_name = {name: cells for name, *cells in rows[2:]}
    assert by_name['scratch'] == ['50.00', '50.00', '']
    assert by_name['without auxiliary heads'] == ['49.00', '49.00', '-1.00 (-1.00 to -1.00)']
    assert by_name['without averaged weights'] == ['47.50', '47.50', '-2.50 (-2.50 to -2.50)']
    assert by_name[MEASURED][0] == f'{found["average"]:.2f}'
