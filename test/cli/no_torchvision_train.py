"""csrnet-train on a machine that has no torchvision."""

import sys

sys.modules['torchvision'] = None  # Python's way to be absent

from csrnet_ros.cli.train import main  # noqa: E402

sys.exit(main())
