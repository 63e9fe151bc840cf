"""The page of csrnet-eval: what was measured, the worst images, and where the weights are from."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from csrnet_ros import __version__
from csrnet_ros.cli.networks import NamedNetwork
from csrnet_ros.media.error_map import draw_errors
from csrnet_ros.media.page import Page, PageImage, PageNetwork, render_page
from csrnet_ros.media.sheet import Panel
from csrnet_ros.training.evaluate import Evaluator
from csrnet_ros.training.scores import Score, Scores, wrong_share

WORST = 10
"""Images that the page shows."""


def write_report(
    path: Path, networks: Sequence[NamedNetwork], evaluator: Evaluator, scores: Scores
) -> None:
    """Write the page; its images are labelled again, since no pixels were kept."""
    data, first = evaluator.data, scores.networks[0]
    names = [network.name for network in networks]
    known_px = max(1, first.overall.counts.sum())
    page = Page(
        title=f'{_listed(names)} on {data.name}',
        origin=f'{len(data)} images, each whole, at one scale and unflipped, labelled '
        f'{evaluator.how} by csrnet-eval {__version__}.',
        labels=data.labels,
        networks=[*map(_network, networks, scores.networks)],
        boundary_shares={
            radius_px: 100 * near.counts.sum() / known_px
            for radius_px, near in first.near_boundary.items()
        },
        worst=[_image(index, names, evaluator) for index in scores.worst(WORST)],
    )
    path.write_text(render_page(page), encoding='utf-8')
    print(f'look at {path}')


def _network(network: NamedNetwork, score: Score) -> PageNetwork:
    matrix = score.overall
    return PageNetwork(
        name=network.name,
        miou=matrix.miou(),
        pixel_accuracy=matrix.pixel_accuracy(),
        iou=matrix.iou().tolist(),
        boundary_miou={radius_px: near.miou() for radius_px, near in score.near_boundary.items()},
        confusion=matrix.counts,
        provenance=_provenance(network),
    )


def _provenance(network: NamedNetwork) -> dict[str, str]:
    """Return what the weights file says of itself, and what tells it from others."""
    checkpoint = network.checkpoint
    parameters = sum(tensor.numel() for tensor in checkpoint.build().parameters())
    return {
        'file': network.path.name,
        'SHA-256': hashlib.sha256(network.path.read_bytes()).hexdigest(),
        'network': checkpoint.config.name,
        'parameters': f'{parameters / 1e6:.2f} million',
        **dict(_flat(checkpoint.provenance)),
    }


def _flat(values: Mapping[str, Any], above: str = '') -> Iterator[tuple[str, str]]:
    """Yield names and texts of values, with the names of the mappings that they are in."""
    for key, value in values.items():
        name = above + key.replace('_', ' ')
        if isinstance(value, Mapping):
            yield from _flat(value, f'{name}: ')
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)


def _image(index: int, names: Sequence[str], evaluator: Evaluator) -> PageImage:
    outcome, data = evaluator.outcome(index), evaluator.data
    image, truth, palette = outcome.image, outcome.truth, data.labels.palette
    panels = [Panel('image', image), Panel('truth', palette[truth], sharp=True)]
    for name, predicted in zip(names, outcome.predictions, strict=True):
        panels.append(Panel(name, palette[predicted], sharp=True))
        caption = f'{name}: {wrong_share(truth, predicted):.1%} wrong'
        panels.append(Panel(caption, draw_errors(image, truth, predicted)))
    return PageImage(data.pairs[index].image.stem, panels)


def _listed(names: Sequence[str]) -> str:
    """Return names as a text lists them."""
    return ' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))
