"""csrnet-train with one more recipe, for tests that have no time to lose."""

import sys
from types import MappingProxyType

from csrnet_ros.training import config

TINY = config.Recipe(
    epochs=3,
    learning_rate=1e-3,
    crop_px=(64, 64),
    scales=(1.0, 1.5),
    batch_size=4,
    imagenet_backbone=False,
    color_jitter=0.2,
    class_balance=0.4,
    warmup_share=0.3,
    ema_decay=0.9,
    auxiliary_weight=0.4,
)
config.RECIPES = MappingProxyType({'tiny': {'camvid': TINY}})

from csrnet_ros.cli.train import main  # noqa: E402  # it reads the recipes

sys.exit(main())
