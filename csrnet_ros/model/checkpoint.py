"""Checkpoints: weights, and all that is needed to use them, in one safetensors file.

The file's metadata holds one JSON document under the key ``csrnet``: the network's configuration,
the classes with their colours, the normalisation and where the weights come from. Nothing in a
checkpoint is ever executed.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from csrnet_ros.errors import CheckpointError
from csrnet_ros.labels import LabelSet
from csrnet_ros.model.config import CSRNetConfig
from csrnet_ros.model.csrnet import CSRNet
from csrnet_ros.whole_file import write_whole

KEY = 'csrnet'
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trained network, not yet on any device.

    :param config: the network's configuration
    :param labels: the classes that its logits stand for
    :param mean: mean of the training images, RGB, in pixel values 0 to 255
    :param std: their standard deviation, RGB, in pixel values, above 0
    :param weights: the network's ``state_dict``
    :param provenance: data, recipe, epochs, measured ``miou`` in percent (None if all was void),
        the provenance of the ``initial_weights``; JSON values only
    """

    config: CSRNetConfig
    labels: LabelSet
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: dict[str, Tensor]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def trained_on(self) -> str:
        """All data that the weights have seen, in order: ``A train, then B trainval``."""
        seen: list[str] = []
        provenance: Any = self.provenance
        while isinstance(provenance, dict):
            seen.insert(0, str(provenance.get('data', 'unknown')))
            provenance = provenance.get('initial_weights')
        return ', then '.join(seen)

    def build(self) -> CSRNet:
        """Return the network with its weights, float32, on the CPU, in evaluation mode."""
        network = CSRNet(self.config, num_classes=len(self.labels))
        network.load_state_dict(self.weights)
        return network.eval()


def save_checkpoint(path: Path | str, checkpoint: Checkpoint, *, half: bool = False) -> None:
    """Write a checkpoint; what stood at ``path`` stays whole until the new file is complete.

    :param half: store the weights in float16; BatchNorm's running statistics stay float32
    """
    path = Path(path)
    document = {
        'format': FORMAT,
        'config': asdict(checkpoint.config),
        'labels': asdict(checkpoint.labels),
        'mean': checkpoint.mean,
        'std': checkpoint.std,
        'provenance': checkpoint.provenance,
    }
    weights = {
        name: (tensor.half() if half and _is_weight(name, tensor) else tensor)
        .detach()
        .cpu()
        .contiguous()
        for name, tensor in checkpoint.weights.items()
    }
    content = safetensors.torch.save(weights, metadata={KEY: json.dumps(document)})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, durable=True)


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint that ``save_checkpoint`` wrote; the weights come as float32.

    :raises CheckpointError: if the file is missing, damaged, not a CSRNet checkpoint, or its
        weights do not fit its configuration; the message names the file and the remedy
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f'{path}: no such weights file; check the path, or train one with csrnet-train'
        )
    try:
        with safe_open(path, framework='pt') as file:
            metadata = file.metadata() or {}
            # A file cut short or overwritten fails above or here, by its header's own sizes.
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f'{path}: not a whole safetensors file ({error}); copy or train it again'
        ) from error
    checkpoint = _parse(path, metadata, weights)
    _check_fit(path, checkpoint)
    return checkpoint


def _is_weight(name: str, tensor: Tensor) -> bool:
    return tensor.is_floating_point() and not name.endswith(('running_mean', 'running_var'))


def _parse(path: Path, metadata: dict[str, str], weights: dict[str, Tensor]) -> Checkpoint:
    if KEY not in metadata:
        raise CheckpointError(
            f'{path}: a safetensors file, but not a CSRNet checkpoint (no {KEY!r} in its '
            'metadata); use a file written by csrnet-train'
        )
    try:
        document = json.loads(metadata[KEY])
        if document['format'] != FORMAT:
            raise ValueError(f'format {document["format"]}, this version reads {FORMAT}')
        config = document['config'] | {'stages': tuple(map(tuple, document['config']['stages']))}
        labels = document['labels']
        colors = tuple((int(r), int(g), int(b)) for r, g, b in labels['colors'])
        return Checkpoint(
            config=CSRNetConfig(**config),
            labels=LabelSet(labels['name'], tuple(labels['classes']), colors),
            mean=_triple(document['mean']),
            std=_triple(document['std']),
            # Copies: safetensors returns the file itself, mapped into memory, and whoever
            # overwrites it would change the network at work.
            weights={
                name: tensor.to(_held_as(tensor), copy=True) for name, tensor in weights.items()
            },
            provenance=dict(document['provenance']),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f'{path}: its {KEY!r} metadata cannot be read ({error}); use a file written by '
            'this version of csrnet-train'
        ) from error


def _held_as(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.is_floating_point() else tensor.dtype


def _triple(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = map(float, values)
    return red, green, blue


def _check_fit(path: Path, checkpoint: Checkpoint) -> None:
    with torch.device('meta'):
        expected = CSRNet(checkpoint.config, num_classes=len(checkpoint.labels)).state_dict()
    found = checkpoint.weights
    faults = [f'{name} is missing' for name in expected if name not in found]
    faults += [f'{name} is unknown' for name in found if name not in expected]
    faults += [
        f'{name} is {tuple(found[name].shape)}, expected {tuple(tensor.shape)}'
        for name, tensor in expected.items()
        if name in found and found[name].shape != tensor.shape
    ]
    if faults:
        raise CheckpointError(
            f'{path}: {len(faults)} tensors do not fit {checkpoint.config.name!r} with '
            f'{len(checkpoint.labels)} classes ({"; ".join(faults[:3])}); train it again, or '
            'use the file that belongs to this network'
        )
