"""ImageNet weights for the backbone, through torchvision."""

from urllib.error import URLError

from torchvision.models import ResNet18_Weights

from csrnet_ros.errors import TrainingError
from csrnet_ros.model.backbone import ResNet18Backbone


def load_backbone(backbone: ResNet18Backbone) -> None:
    """Start a backbone from torchvision's ImageNet weights, downloaded once and kept.

    :raises TrainingError: if they cannot be downloaded
    """
    try:
        weights = ResNet18_Weights.IMAGENET1K_V1.get_state_dict(progress=True, check_hash=True)
    except (URLError, OSError) as error:
        raise TrainingError(
            f'the ImageNet weights of ResNet-18 cannot be downloaded ({error}); connect to the '
            'network once, or train from scratch with --recipe cpu'
        ) from error
    backbone.load_state_dict({k: v for k, v in weights.items() if not k.startswith('fc.')})
