"""Benchmarks: what is compared, how it is timed, and how the figures are told."""
