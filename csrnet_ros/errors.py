"""The errors that a user can meet; each message says what is wrong, where, and what to do."""


class CsrnetError(Exception):
    """Base of every error that a command shows as one line instead of a traceback."""


class BagError(CsrnetError):
    """A recorded bag cannot be read or written."""


class BenchmarkError(CsrnetError):
    """A benchmark did not get to its end, or its record cannot be read."""


class CheckpointError(CsrnetError):
    """A weights file is missing, damaged, foreign, or does not fit the network."""


class DatasetError(CsrnetError):
    """A data set's folder, list, image or label is missing or not as its format wants it."""


class DemoError(CsrnetError):
    """The demo did not get to its end."""


class DeviceError(CsrnetError):
    """The device, or what runs the network on it, is unknown, absent, broken or not to be had."""


class ExportError(CsrnetError):
    """A network cannot be exported, or its file labels otherwise than the network."""


class ImageError(CsrnetError):
    """An image or an image message cannot be read."""


class MissingPackageError(CsrnetError):
    """A package that only some work needs is not installed."""


class TrainingError(CsrnetError):
    """A training run cannot start or cannot go on."""
