"""The saved state of a run."""

import pytest
import torch

from csrnet_ros.errors import TrainingError
from csrnet_ros.training.folder import RunFolder

STATE = {'steps': 3, 'weights': {'a': torch.arange(4.0)}}
IDENTITY = {'seed': 0, 'crop_px': (64, 64)}


def test_a_state_comes_back_as_it_was(tmp_path):
    folder = RunFolder(tmp_path / 'net.run')
    assert not folder.has_state
    assert folder.load(identity=IDENTITY) is None
    folder.save(STATE, identity=IDENTITY)
    folder.save({**STATE, 'steps': 4}, identity=IDENTITY)
    found = folder.load(identity=IDENTITY)
    assert found['steps'] == 4
    assert torch.equal(found['weights']['a'], STATE['weights']['a'])
    assert [path.name for path in folder.path.iterdir()] == ['state.pt']


@pytest.mark.parametrize('cut', [0, 100, -100])
def test_a_damaged_state_is_named(tmp_path, cut):
    folder = RunFolder(tmp_path)
    folder.save(STATE, identity=IDENTITY)
    folder.state_path.write_bytes(folder.state_path.read_bytes()[:cut])
    with pytest.raises(TrainingError, match=r'state\.pt: the saved state cannot be read'):
        folder.load(identity=IDENTITY)


def test_another_runs_state_is_refused_and_the_differences_told(tmp_path):
    folder = RunFolder(tmp_path)
    folder.save(STATE, identity=IDENTITY)
    with pytest.raises(TrainingError, match='another run: seed was 0, is 1; epochs was None'):
        folder.load(identity={**IDENTITY, 'seed': 1, 'epochs': 5})
