"""What becomes of the memory that results come down to."""

import weakref

import pytest
import torch

from csrnet_ros.inference import transfer
from csrnet_ros.inference.transfer import Copies


@pytest.mark.parametrize(
    ('done', 'lost', 'kept'), [(False, True, True), (False, False, False), (True, True, False)]
)
def test_memory_is_kept_if_the_device_was_lost_before_its_copies_were_done(
    monkeypatch, done, lost, kept
):
    never_freed = []
    monkeypatch.setattr(transfer, 'is_lost', lambda device: lost)
    monkeypatch.setattr(transfer, '_never_freed', never_freed)
    pinned = torch.empty(1)
    watched = weakref.ref(pinned)
    copies = Copies([pinned], torch.device('cuda:0'))
    del pinned
    copies.done = done
    del copies
    assert (watched() is not None) == kept
