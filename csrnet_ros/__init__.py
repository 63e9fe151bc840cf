"""Real-time semantic segmentation for ROS 2 with CSRNet."""

__version__ = '0.1.0'
