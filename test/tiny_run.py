"""Runs of csrnet-train that take seconds, and what they say and record."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TINY_TRAIN = Path(__file__).parent / 'cli' / 'tiny_train.py'


def arguments(root, out, *more, recipe='tiny', script=TINY_TRAIN):
    return [
        script, '--root', root, '--split', 'train', '--recipe', recipe, '--device', 'cpu',
        '--deterministic', '--out', out, *more,
    ]  # fmt: skip


def wait_for(run, words):
    """Return when the run has said ``words`` on stderr."""
    said = ''
    while words not in said:
        letter = run.stderr.read(1)
        assert letter, said
        said += letter


def scalars(out, name):
    """Return the values of each step as TensorBoard shows them."""
    events = EventAccumulator(str(out.with_suffix('.run')), size_guidance={'scalars': 0})
    events.Reload()
    return {event.step: event.value for event in events.Scalars(name)}
