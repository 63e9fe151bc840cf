"""tiny_train.py on a machine where no data set fits into memory."""

import runpy
from pathlib import Path

from csrnet_ros.training import memory

memory.SHARE = 0.0

runpy.run_path(str(Path(__file__).with_name('tiny_train.py')), run_name='__main__')
