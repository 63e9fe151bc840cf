"""Recipes: how a network is trained, as rows of data."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that shapes a training run, but the network and the data.

    :param epochs: passes over the training images, at least 1
    :param learning_rate: Adam's rate in the first epoch, above 0
    :param crop_px: height and width of a training crop; a side that exceeds the image's is cut
        to it
    :param scales: factors on the image's size to draw from, each above 0
    :param batch_size: images a step, at least 2
    :param final_learning_rate: rate in the last epoch, reached by a cosine
    :param weight_decay: coupled L2, on every parameter
    :param betas: Adam's decay rates, 0 to 1
    :param imagenet_backbone: start the backbone from torchvision's ImageNet weights
    :param backbone_factor: the backbone's share of rate and decay if it starts from those
    :param color_jitter: largest relative change of brightness, contrast and saturation, 0 to 1
    :param class_balance: classes weigh in the loss by their frequency to the power of minus
        this; 0 for the plain mean over pixels
    :param drawn_frames: pictures of the drawn street mixed into the training images
    :raises ValueError: if a value is outside its range
    """

    epochs: int
    learning_rate: float
    crop_px: tuple[int, int]
    scales: tuple[float, ...] = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    batch_size: int = 8
    final_learning_rate: float = 1e-6
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    imagenet_backbone: bool = True
    backbone_factor: float = 0.25
    color_jitter: float = 0.0
    class_balance: float = 0.0
    drawn_frames: int = 0

    def __post_init__(self) -> None:
        bounds = {
            'epochs': self.epochs >= 1,
            'learning_rate': self.learning_rate > 0,
            'crop_px': min(self.crop_px) >= 64,
            'scales': bool(self.scales) and min(self.scales) > 0,
            'batch_size': self.batch_size >= 2,
            'final_learning_rate': 0 <= self.final_learning_rate <= self.learning_rate,
            'weight_decay': self.weight_decay >= 0,
            'betas': all(0 <= beta < 1 for beta in self.betas),
            'color_jitter': 0 <= self.color_jitter < 1,
            'class_balance': 0 <= self.class_balance <= 1,
            'drawn_frames': self.drawn_frames >= 0,
        }
        for name, holds in bounds.items():
            if not holds:
                raise ValueError(f'{name} is {getattr(self, name)}, outside its range')


# By recipe, then by data set.
RECIPES = MappingProxyType(
    {
        # Section 4.2 to the letter; betas from the authors' code. The CamVid crop is the whole
        # image, which is half as large in the SegNet layout.
        'paper': {
            'camvid': Recipe(epochs=400, learning_rate=8e-4, crop_px=(720, 960)),
        },
        # For a machine without a GPU and without ImageNet weights; see models/README.md for the
        # time it takes and the score to expect.
        'cpu': {
            'camvid': Recipe(
                epochs=50,
                learning_rate=1e-3,
                crop_px=(192, 256),
                scales=(0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5),
                imagenet_backbone=False,
                color_jitter=0.3,
                class_balance=0.4,
                drawn_frames=72,
            ),
        },
    }
)


def find_recipe(name: str, data: str) -> Recipe:
    """Return recipe ``name`` for the data set ``data``; ValueError lists what there is."""
    if name not in RECIPES or data not in RECIPES[name]:
        known = ', '.join(f'{recipe} for {set_}' for recipe in RECIPES for set_ in RECIPES[recipe])
        raise ValueError(f'no recipe {name!r} for {data!r}; there is {known}')
    return RECIPES[name][data]
