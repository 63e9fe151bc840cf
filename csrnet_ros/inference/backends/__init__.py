"""STUB."""

BACKENDS = ('auto', 'torch')
