# SPDX-License-Identifier: Apache-2.0
"""A whole training run: from a dataset to a network, with its state saved on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, UTC
from pathlib import Path
import time
from typing import Any

import torch

from dexlite_ros import __version__
from dexlite_ros.device import device_faults
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.shape_points import PointSettings
from dexlite_ros.network.checkpoint import write_checkpoint
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.provenance import commit
from dexlite_ros.offline.training.curves import CurveLog, draw_curves
from dexlite_ros.offline.training.data_checks import check_training_data
from dexlite_ros.offline.training.examples import Examples
from dexlite_ros.offline.training.processes import joined
from dexlite_ros.offline.training.settings import TrainingSettings
from dexlite_ros.offline.training.trainer import Progress, Trainer


@dataclass(frozen=True)
class TrainingRun:
    """Input, output and settings of a training run."""

    data: Path
    """Dataset of judged grasps."""
    output: Path
    """Folder of the network, its curves, and the state from which an interrupted run resumes."""
    settings: TrainingSettings
    command: str
    """Command line to record with the network."""
    compiled: bool = False
    """Compile the point cloud encoder."""

    def execute(self, device: str, tell: Callable[[str], None]) -> Progress | None:
        """
        Train to the end, resuming from the saved state of an earlier run if there is one.

        The data are checked before anything is written. Return the progress, or None in all
        processes but the first.

        :param device: auto, cpu, cuda or cuda:N
        :param tell: called with one line after every epoch
        :raises FileError: for data that cannot be trained on; the message names the row
        """
        log = CurveLog(self.output / 'tensorboard')
        with joined(device) as (own, first), device_faults(own):
            progress = self._train(own, log if first else None, tell)
            if not first:
                return None
            draw_curves(progress, self.output / 'curves.png')
            return progress

    def _train(
        self, device: torch.device, log: CurveLog | None, tell: Callable[[str], None]
    ) -> Progress:
        """Read the dataset and train; objects that use the process group are freed on return."""
        dataset = GraspDataset.open(self.data)
        check_training_data(dataset)
        geometry = HandGeometry(
            HandKinematics(find_hand(dataset.hand)), PointSettings.coarse()).to(device)
        train, val = (
            Examples.read(dataset, split, geometry, device) for split in ('train', 'val'))
        digest = dataset.digest()
        trainer = Trainer(
            geometry, train, val, self.settings, data=digest, compiled=self.compiled)
        state = self.output / 'state.safetensors'
        if state.exists():
            trainer.resume(state)
        about = {
            'command': self.command, 'release': __version__, 'commit': commit(),
            'data': {'name': self.data.name, 'digest': digest, 'train': len(train),
                     'val': len(val)},
            'settings': asdict(self.settings)}
        self._loop(trainer, log, about, tell)
        return trainer.progress

    def _loop(
        self, trainer: Trainer, log: CurveLog | None, about: dict[str, Any],
        tell: Callable[[str], None],
    ) -> None:
        """Train; the process with the log saves the state after every epoch."""
        if log is not None:
            log.open(len(trainer.progress.history))
        while not trainer.done:
            started = time.perf_counter()
            best = trainer.epoch()
            seconds = time.perf_counter() - started
            trainer.progress.history[-1]['time'] = {'seconds': seconds}
            if log is not None:
                self._save(trainer, best, about)
                log.add(trainer.progress, trainer.rate)
                tell(_line(trainer.progress, best, seconds))
        if log is not None:
            log.close()

    def _save(self, trainer: Trainer, best: bool, about: dict[str, Any]) -> None:
        """Write the state, and the network if it is the best so far."""
        progress = trainer.progress
        if best:
            write_checkpoint(self.output / 'network', trainer.network, trainer.hand, {
                **about, 'date': f'{datetime.now(UTC):%Y-%m-%d}', 'epoch': progress.best,
                'metrics': progress.history[-1]})
        trainer.save(self.output / 'state.safetensors')


def _line(progress: Progress, best: bool, seconds: float) -> str:
    newest = progress.history[-1]
    losses = ', '.join(
        f'{split} {newest[split]["total"]:.3f} (reconstruction '
        f'{newest[split]["reconstruction"]:.3f}, divergence '
        f'{newest[split]["divergence"]:.1f})' for split in ('train', 'val'))
    return (f'epoch {len(progress.history) - 1}: {seconds:.0f} s, {losses}'
            + (', best' if best else ''))
