"""What competes: the networks of the paper, run in every way there is, and those of others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from csrnet_ros.benchmark.networks import GRAY, load_network
from csrnet_ros.benchmark.peers import PEERS
from csrnet_ros.benchmark.plain import Network, PlainRunner, ncnn_network, openvino_network, padded
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.labels import CAMVID

Runner = Callable[[Sequence[np.ndarray]], Mapping[str, float]]
"""Labels images, RGB uint8 (H, W, 3) in host memory, all of one size, as a batch; once the labels
are in host memory, it returns the milliseconds of each stage."""

EAGER = 'eager'
"""Plain PyTorch, float32, as a user would write it: what all else is compared with."""

CHANNELS_LAST = 'eager-channels-last'
"""The same with the channels of a pixel side by side."""

OURS = 'csrnet_ros'


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network, run in one way.

    :param backend: ``EAGER``, ``CHANNELS_LAST``, or what else runs it
    :param origin: the package that defines the network
    :param miou: percent on CamVid test, as the weights record it; None if they do not
    """

    network: str
    backend: str
    precision: str
    device: str
    origin: str
    miou: float | None
    run: Runner


def our_candidates(
    name: str, *, backends: Sequence[str], precisions: Sequence[str], device: torch.device
) -> Iterator[Candidate]:
    """Yield a network of the paper: in eager mode, plain and with channels last, then by each
    backend in each precision.

    :param precisions: of float16 and float32, on CUDA; a backend on a CPU has its own
    """
    checkpoint = load_network(name)
    make = partial(
        Candidate,
        network=name,
        device=device.type,
        origin=OURS,
        miou=checkpoint.provenance.get('miou'),
    )
    for mode, memory_format in (
        (EAGER, torch.contiguous_format),
        (CHANNELS_LAST, torch.channels_last),
    ):
        plain = PlainRunner(
            checkpoint.build().to(device).to(memory_format=memory_format).logits,
            mean=checkpoint.mean,
            std=checkpoint.std,
            device=device,
            memory_format=memory_format,
        )
        yield make(backend=mode, precision='float32', run=plain.run)
    for backend in backends:
        for precision in precisions if device.type == 'cuda' else precisions[:1]:
            engine = SegmentationEngine(
                checkpoint, device=str(device), half=precision == 'float16', backend=backend
            )
            run = partial(_run_engine, engine)
            yield make(backend=engine.backend, precision=engine.precision, run=run)


def peer_candidates(
    name: str, *, size_px: tuple[int, int], batch: int, device: torch.device
) -> Iterator[Candidate]:
    """Yield a network of others: in eager mode, then, on a CPU, converted for other runtimes.

    :raises MissingPackageError: if its package is not installed
    """
    peer = PEERS[name]
    network = peer.build(len(CAMVID)).to(device)
    networks: dict[str, Network] = {EAGER: network}
    if device.type == 'cpu':
        sides_px = (padded(side_px, peer.multiple_px) for side_px in size_px)
        example = torch.zeros(batch, 3, *sides_px)
        networks['openvino'] = openvino_network(network, example)
        if peer.ncnn:
            networks['ncnn'] = ncnn_network(network, example)
    for backend, run in networks.items():
        plain = PlainRunner(run, mean=GRAY, std=GRAY, device=device, multiple_px=peer.multiple_px)
        yield Candidate(
            network=name,
            backend=backend,
            precision='float32',
            device=device.type,
            origin=peer.origin,
            miou=None,
            run=plain.run,
        )


def _run_engine(engine: SegmentationEngine, images: Sequence[np.ndarray]) -> Mapping[str, float]:
    return engine.segment_batch(images)[0].stage_times_ms
