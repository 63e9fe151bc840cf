"""A long run of the real node between real processes, under all that a robot does to it."""
