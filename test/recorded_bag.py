"""Bags that the tests record themselves."""

import cv2
import numpy as np
from rosbags.rosbag2 import CompressionFormat, Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from csrnet_ros.training.datasets.street import draw_street

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE, JPEG, TEXT = (
    f'{package}/msg/{name}'
    for package, name in (
        ('sensor_msgs', 'Image'), ('sensor_msgs', 'CompressedImage'), ('std_msgs', 'String'),
    )
)  # fmt: skip


def header(number, frame_id='camera'):
    stamp = TYPES.types['builtin_interfaces/msg/Time'](sec=7, nanosec=number)
    return TYPES.types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def raw(number, image):
    bgr = np.ascontiguousarray(image[..., ::-1])
    return TYPES.types[IMAGE](
        header=header(number), height=image.shape[0], width=image.shape[1], encoding='bgr8',
        is_bigendian=0, step=bgr.shape[1] * 3, data=bgr.reshape(-1),
    )  # fmt: skip


def compressed(number, image):
    _, data = cv2.imencode('.png', image[..., ::-1])
    return TYPES.types[JPEG](header=header(number), format='png', data=data)


def pictures(count):
    return [draw_street(n, seed=2, height_px=64, width_px=72)[0] for n in range(count)]


def record(path, messages, *, storage=StoragePlugin.SQLITE3, times_ms=None, packed=None):
    """Write a bag of (topic, type, message).

    :param times_ms: when each was recorded, from the first second on; None: one each millisecond
    :param packed: what is compressed: files, messages, or the chunks of an mcap file
    """
    writer = Writer(path, version=8, storage_plugin=storage)
    if packed:
        writer.set_compression(packed, CompressionFormat.ZSTD)
    with writer:
        connections = {
            (topic, type_): writer.add_connection(topic, type_, typestore=TYPES)
            for topic, type_ in dict.fromkeys((topic, type_) for topic, type_, _ in messages)
        }
        times_ms = times_ms or range(len(messages))
        for time_ms, (topic, type_, message) in zip(times_ms, messages, strict=True):
            data = TYPES.serialize_cdr(message, type_)
            writer.write(connections[topic, type_], 10**9 + time_ms * 10**6, data)
    return path


def read(path):
    """Return (topic, type, time, bytes) of every message."""
    with Reader(path) as reader:
        return [(c.topic, c.msgtype, time, bytes(data)) for c, time, data in reader.messages()]


def images(path, topic):
    """Return time and message of every image on a topic."""
    return [
        (time, TYPES.deserialize_cdr(data, type_))
        for name, type_, time, data in read(path)
        if name == topic
    ]
