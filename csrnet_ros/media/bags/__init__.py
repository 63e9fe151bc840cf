"""Recorded bags, ROS 2's sqlite3 and mcap, read and written without ROS by ``rosbags``."""

from csrnet_ros.media.bags.bag import Bag, BagMessage
from csrnet_ros.media.bags.image_codec import IMAGE_TYPES, ImageCodec
from csrnet_ros.media.bags.writer import BagWriter

__all__ = ['IMAGE_TYPES', 'Bag', 'BagMessage', 'BagWriter', 'ImageCodec']
