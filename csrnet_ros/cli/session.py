"""What csrnet-train does around the loop: it shows the run, records it, and saves it."""

import os
import shlex
import signal
import sys
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from csrnet_ros.cli.interruption import Interruption
from csrnet_ros.errors import DatasetError, TrainingError
from csrnet_ros.labels import LabelSet
from csrnet_ros.model import Checkpoint, save_checkpoint
from csrnet_ros.training.background import Background, copy_to_host
from csrnet_ros.training.datasets import FileDataset
from csrnet_ros.training.folder import RunFolder
from csrnet_ros.training.journal import Journal
from csrnet_ros.training.loop import Step, TrainingRun
from csrnet_ros.training.processes import Processes
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD

ORIGINS = ('backbone_weights', 'initial_weights')
"""What provenance tells of the weights that a run starts from, which it is given only once."""


class Session:
    """Takes a run to its end, or to where it is interrupted.

    :param labels: the classes that the network learns
    :param provenance: what the checkpoint says of where it comes from
    :param path: the checkpoint's file
    :param held_out: the data that it is measured on, where the pictures come from
    """

    def __init__(
        self,
        run: TrainingRun,
        *,
        labels: LabelSet,
        provenance: dict[str, Any],
        path: Path,
        folder: RunFolder,
        held_out: FileDataset,
        processes: Processes,
    ) -> None:
        self._run, self._path, self._folder, self._held_out = run, path, folder, held_out
        self._labels, self._provenance = labels, provenance
        self._processes = processes
        # Anything else may change from one part of a run to the next.
        self._identity = {
            'network': run.network.config.name,
            'classes': list(labels.classes),
            **{name: provenance[name] for name in ('data', 'images', 'seed')},
            **provenance['settings'],
        }
        self._saved_step = 0
        self._seconds_before = 0.0
        self._started = time.monotonic()

    def _resume(self) -> None:
        """Go on from the saved state, or start at the beginning where there is none yet."""
        state = None
        if self._processes.first:
            state = self._folder.load(identity=self._identity)
        state = self._processes.from_first(state)
        if state is None:
            self._say(f'{self._folder.path} holds no state; the run starts at its beginning')
            return
        self._run.load_state(state['run'])
        self._saved_step = self._run.steps_done
        self._seconds_before = state['seconds']
        # The state of an older version lacks the backbone's.
        self._provenance |= {name: state[name] for name in ORIGINS if name in state}
        self._say(f'going on after epoch {self._run.epochs_done}, step {self._run.steps_done}')
        finished = self._run.steps_done == self._run.steps
        if self._processes.first and finished and not self._path.exists():  # moved, or removed
            save_checkpoint(self._path, self._checkpoint(state['seconds']), half=True)

    def train(self, *, resume: bool) -> signal.Signals | None:
        """Train to the end of the run; return the signal that ended it before, if one did.

        What is saved then, and how to continue, is printed.

        :param resume: go on from the saved state, where there is one

        :raises DatasetError: if a file can no longer be read; it says what is saved
        :raises TrainingError: if the run cannot go on; it says what is saved
        """
        if resume:
            self._resume()
        journal = self._journal()
        try:
            with (
                closing(journal) if journal else nullcontext(),
                Background() as background,
                closing(self._run),
            ):
                return self._train_epochs(journal, background)
        except (DatasetError, OSError) as error:
            kind = DatasetError if isinstance(error, DatasetError) else TrainingError
            raise kind(
                f'{error}; {self._what_is_saved()}; put that right and continue with\n'
                f'  {continuation()}'
            ) from error
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f'{error}; {self._what_is_saved()}; compute each batch in parts: --accumulate 2, '
                f'or more, and continue with\n  {continuation()}'
            ) from error
        except TrainingError as error:
            raise TrainingError(
                f'{error}; {self._what_is_saved()}; start anew with --precision fp32, or with '
                'another recipe'
            ) from error

    def _train_epochs(
        self, journal: Journal | None, background: Background
    ) -> signal.Signals | None:
        run, size = self._run, self._run.recipe.batch_size
        with (
            Interruption() as interruption,
            tqdm(
                total=run.steps * size,
                initial=run.steps_done * size,
                desc='training',
                unit='image',
                disable=not self._processes.first,
            ) as bar,
        ):
            while run.steps_done < run.steps:
                if self._processes.any(bool(interruption)):
                    break
                began, before, waited_s = time.monotonic(), run.steps_done, run.waited_s
                for step in run.epoch(stop=lambda: bool(interruption)):
                    self._show(step, bar)
                    if journal:
                        journal.record(step)
                if journal:
                    in_steps_s = time.monotonic() - began - (run.waited_s - waited_s)
                    self._save(journal, background)
                    seconds = time.monotonic() - began
                    journal.record_speed(
                        (run.steps_done - before) * size / seconds,
                        share_in_steps=in_steps_s / seconds,
                        step=run.steps_done,
                    )
            background.wait()
        if not interruption and run.steps_done == run.steps:
            return None
        self._say(f'{self._what_is_saved()}; continue with\n  {continuation()}')
        # It may have come to another process only.
        return interruption.signal or signal.SIGTERM

    def _journal(self) -> Journal | None:
        """Return the journal of the first process; the others have none."""
        if not self._processes.first:
            return None
        return Journal(self._folder.path, steps_done=self._run.steps_done, data=self._held_out)

    def _show(self, step: Step, bar: 'tqdm[None]') -> None:
        bar.set_postfix_str(
            f'epoch {step.epoch}/{self._run.recipe.epochs}, loss {step.loss:.3f}, '
            f'rate {step.learning_rate:.1e}',
            refresh=False,
        )
        bar.update(self._run.recipe.batch_size)

    def _save(self, journal: Journal, background: Background) -> None:
        """Begin to save the run as it is now."""
        seconds = self._seconds_before + time.monotonic() - self._started
        state = {
            'run': copy_to_host(self._run.state()),
            'seconds': seconds,
            **{name: self._provenance[name] for name in ORIGINS},
        }
        background.do(self._write, state, self._checkpoint(seconds), journal)

    def _checkpoint(self, seconds: float) -> Checkpoint:
        """Return the checkpoint of the run as it is now, after so many seconds."""
        reached = {
            'epochs': self._run.epochs_done,
            'training_minutes': round(seconds / 60, 1),
        }
        return Checkpoint(
            config=self._run.network.config,
            labels=self._labels,
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
            weights=copy_to_host(self._run.weights()),
            provenance=self._provenance | reached,
        )

    def _write(self, state: dict[str, Any], checkpoint: Checkpoint, journal: Journal) -> None:
        # In this order, so that a run whose state is saved as finished has its checkpoint.
        save_checkpoint(self._path, checkpoint, half=True)
        self._folder.save(state, identity=self._identity)
        self._saved_step = state['run']['steps']
        journal.show(checkpoint, step=self._saved_step, device=self._run.device)

    def _what_is_saved(self) -> str:
        if not self._processes.first:
            return f'what the first process has saved is in {self._folder.state_path}'
        if not self._saved_step:
            return 'nothing is saved yet'
        return f'{self._folder.state_path} holds the run after step {self._saved_step}'

    def _say(self, text: str) -> None:
        if self._processes.first:
            print(text, file=sys.stderr)


def refuse_to_overwrite(path: Path, folder: RunFolder, *, resume: bool) -> None:
    """Make sure that a run takes the place of no other, nor of weights that it has not made.

    :raises TrainingError: if it would
    """
    if folder.has_state:
        if resume:
            return
        raise TrainingError(
            f'{folder.state_path} holds a run; continue it with --resume, or remove '
            f'{folder.path} to start anew'
        )
    # A run that was killed before its first state was whole may have left weights, too.
    if path.exists() and not (resume and folder.path.exists()):
        raise TrainingError(f'{path} exists already; name another --out, or remove it')


def continuation() -> str:
    """Return the command that continues this process's run, on this machine if on several."""
    python, *arguments = sys.orig_argv
    if '--resume' not in arguments:
        arguments.append('--resume')
    if 'LOCAL_WORLD_SIZE' in os.environ:  # torchrun has given python -u first
        options = {'nnodes': 'GROUP_WORLD_SIZE', 'nproc-per-node': 'LOCAL_WORLD_SIZE'}
        if os.environ['GROUP_WORLD_SIZE'] != '1':
            options['node-rank'] = 'GROUP_RANK'
            options |= {'master-addr': 'MASTER_ADDR', 'master-port': 'MASTER_PORT'}
        launcher = [f'--{option}={os.environ[name]}' for option, name in options.items()]
        arguments = ['-m', 'torch.distributed.run', *launcher, *arguments[1:]]
    return shlex.join([python, *arguments])
