"""Recipes: how a network is trained, as rows of data."""

from dataclasses import dataclass, replace
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
    :param warmup_share: share of the epochs over which the rate rises to its course, 0 to below 1
    :param ohem_probability: pixels whose true class is given less than this probability count in
        the loss, above 0; 1 for all pixels
    :param ohem_share: share of the known pixels, the hardest, that count in any case, 0 to 1
    :param label_smoothing: share of the target spread evenly over the classes, 0 to below 1
    :param auxiliary_weight: weight of each auxiliary head's loss; 0 for no such heads
    :param class_uniform_share: share of the crops that are centred on a pixel of a class drawn
        evenly from the image's; 0 to 1
    :param ema_decay: the weights kept are an exponential moving average over the steps with this
        decay, below 1; 0 for the last step's
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
    warmup_share: float = 0.0
    ohem_probability: float = 1.0
    ohem_share: float = 1 / 16
    label_smoothing: float = 0.0
    auxiliary_weight: float = 0.0
    class_uniform_share: float = 0.0
    ema_decay: float = 0.0

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
            'warmup_share': 0 <= self.warmup_share < 1,
            'ohem_probability': 0 < self.ohem_probability <= 1,
            'ohem_share': 0 <= self.ohem_share <= 1,
            'label_smoothing': 0 <= self.label_smoothing < 1,
            'auxiliary_weight': self.auxiliary_weight >= 0,
            'class_uniform_share': 0 <= self.class_uniform_share <= 1,
            'ema_decay': 0 <= self.ema_decay < 1,
        }
        for name, holds in bounds.items():
            if not holds:
                raise ValueError(f'{name} is {getattr(self, name)}, outside its range')


# Section 4.2 to the letter; betas from the authors' code. The CamVid crop is the whole image,
# which is half as large in the SegNet layout.
_PAPER_CAMVID = Recipe(epochs=400, learning_rate=8e-4, crop_px=(720, 960))
_PAPER_CITYSCAPES = Recipe(epochs=250, learning_rate=4e-4, crop_px=(768, 768))

# Without ImageNet weights, on a GPU: long, on many different crops, with help on the way down.
# docs/training.md says what each part is worth, as far as it was measured.
_SCRATCH = Recipe(
    epochs=1000,
    learning_rate=1e-3,
    crop_px=(720, 960),
    scales=(0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0),
    batch_size=16,
    imagenet_backbone=False,
    class_balance=0.4,
    warmup_share=0.02,
    ohem_probability=0.9,
    auxiliary_weight=0.4,
    class_uniform_share=0.5,
    ema_decay=0.999,
)
_SCRATCH_CITYSCAPES = replace(_SCRATCH, epochs=500, crop_px=(768, 768))

# For a machine without a GPU and without ImageNet weights; see models/README.md for the time it
# takes and the score to expect.
_CPU = Recipe(
    epochs=50,
    learning_rate=1e-3,
    crop_px=(192, 256),
    scales=(0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5),
    imagenet_backbone=False,
    class_balance=0.4,
    drawn_frames=72,
)

# The drawn street has CamVid's classes; other data is trained on alone.
_CPU_ALONE = replace(_CPU, drawn_frames=0)

# By recipe, then by data set. Data of the user's own goes by CamVid's figures.
RECIPES = MappingProxyType(
    {
        'paper': {
            'camvid': _PAPER_CAMVID,
            'camvid-original-segnet': _PAPER_CAMVID,
            'camvid-original-exact': _PAPER_CAMVID,
            'cityscapes': _PAPER_CITYSCAPES,
            'folder': _PAPER_CAMVID,
        },
        'scratch': {
            'camvid': _SCRATCH,
            'camvid-original-segnet': _SCRATCH,
            'camvid-original-exact': _SCRATCH,
            'cityscapes': _SCRATCH_CITYSCAPES,
            'folder': _SCRATCH,
        },
        'cpu': {
            'camvid': _CPU,
            'camvid-original-segnet': _CPU_ALONE,
            'camvid-original-exact': _CPU_ALONE,
            'cityscapes': _CPU_ALONE,
            'folder': _CPU_ALONE,
        },
    }
)


def find_recipe(name: str, data: str) -> Recipe:
    """Return recipe ``name`` for the data set ``data``; ValueError lists what there is."""
    if name not in RECIPES or data not in RECIPES[name]:
        known = ', '.join(f'{recipe} for {set_}' for recipe in RECIPES for set_ in RECIPES[recipe])
        raise ValueError(f'no recipe {name!r} for {data!r}; there is {known}')
    return RECIPES[name][data]
