"""Training that starts from a trained network: of another variant, or for other classes."""

from csrnet_ros.errors import TrainingError
from csrnet_ros.labels import LabelSet
from csrnet_ros.model import Checkpoint, CSRNet


def adopt_weights(network: CSRNet, checkpoint: Checkpoint, *, labels: LabelSet) -> int:
    """Give a network every weight of a checkpoint that has its name and shape there.

    The head is taken over where it decides between the same classes, and starts anew elsewhere.

    :param labels: the classes that the network is to learn
    :return: how many tensors were taken over, out of ``len(network.state_dict())``
    :raises TrainingError: if not even the backbone fits
    """
    own = network.state_dict()
    same_classes = checkpoint.labels.classes == labels.classes
    adopted = {
        name: value
        for name, value in checkpoint.weights.items()
        if name in own
        and own[name].shape == value.shape
        and (same_classes or not name.startswith('classify.'))
    }
    missing = [name for name in own if name.startswith('backbone.') and name not in adopted]
    if missing:
        raise TrainingError(
            f'{len(missing)} tensors of the backbone, {missing[0]} among them, are not those of '
            f'{network.config.name!r}; start from a checkpoint of csrnet-train'
        )
    network.load_state_dict(own | adopted)
    return len(adopted)
