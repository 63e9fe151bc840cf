"""The weights that come with the package."""

import pytest

from csrnet_ros.errors import CheckpointError
from csrnet_ros.inference import available_weights, find_weights
from csrnet_ros.model import load_checkpoint


def test_a_variant_has_its_own_weights():
    path = find_weights('light')
    assert load_checkpoint(path).config.name == 'light'
    assert path in available_weights()


def test_a_variant_without_weights_lists_those_that_exist():
    name = find_weights('light').name
    with pytest.raises(CheckpointError, match=f"'huge'.*{name}.*csrnet-train --model huge"):
        find_weights('huge')
