"""The plain way to run a network, which all else is compared with, is itself right."""

import numpy as np
import pytest
import torch

from csrnet_ros.benchmark.networks import load_network
from csrnet_ros.benchmark.peers import PEERS
from csrnet_ros.benchmark.plain import PlainRunner, ncnn_network
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.training.datasets.street import draw_street

CPU = torch.device('cpu')


def test_it_labels_as_the_engine_does():
    checkpoint = load_network('light')
    network = checkpoint.build()
    plain = PlainRunner(network.logits, mean=checkpoint.mean, std=checkpoint.std, device=CPU)
    image = draw_street(0, height_px=90, width_px=123)[0]
    labels = plain.label([image])
    engine = SegmentationEngine(checkpoint, device='cpu', backend='torch')
    assert (labels.shape, labels.dtype) == ((1, 90, 123), np.uint8)
    assert (labels[0] == engine.segment(image).labels).mean() > 0.9999


@pytest.mark.parametrize('name', PEERS)
def test_peers_label_images_of_a_size_they_do_not_like(name):
    peer = PEERS[name]
    pytest.importorskip(peer.package.replace('-', '_'))
    gray = (127.5, 127.5, 127.5)
    plain = PlainRunner(
        peer.build(5), mean=gray, std=gray, device=CPU, multiple_px=peer.multiple_px
    )
    image = draw_street(0, height_px=96, width_px=160 if peer.multiple_px == 1 else 150)[0]
    labels = plain.label([image])
    assert labels.shape == (1, *image.shape[:2])
    assert labels.max() < 5
    assert set(plain.run([image])) == {'preprocess', 'network', 'postprocess'}


@pytest.mark.parametrize('name', [name for name, peer in PEERS.items() if peer.ncnn])
def test_peers_converted_for_ncnn_give_the_same_logits(name):
    peer = PEERS[name]
    pytest.importorskip(peer.package.replace('-', '_'))
    network, x = peer.build(5), torch.rand(2, 3, 96, 160)
    with torch.inference_mode():
        torch.testing.assert_close(ncnn_network(network, x)(x), network(x), rtol=1e-3, atol=1e-4)
