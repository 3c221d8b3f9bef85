# SPDX-License-Identifier: Apache-2.0
"""``dexlite train``: train a network on a dataset and draw its loss curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
import json
from pathlib import Path
from typing import Annotated

import torch
import tyro

from dexlite_ros.network.pose_code import Rotation
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import OnDevice, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1
from dexlite_ros.offline.provenance import command_without_folders
from dexlite_ros.offline.training.losses import PhysicsLoss
from dexlite_ros.offline.training.run import TrainingRun
from dexlite_ros.offline.training.settings import TrainingPreset
from dexlite_ros.offline.training.trainer import Progress
from dexlite_ros.offline.training.training_choice import TrainingChoice


@dataclass(frozen=True, kw_only=True)
class Train(OnDevice, Printed):
    """
    Train the network that proposes grasps.

    After an interruption or a crash, the same command resumes after the last complete epoch.
    On several GPUs or in several processes:
    torchrun --nproc-per-node N -m dexlite_ros.offline.commands train ...
    """

    data: Path = Path('data/seed_grasps')
    """Dataset of judged grasps."""
    preset: TrainingPreset = 'default'
    """Network, losses and learning rates; 'dexlite': those of the original DexLite."""
    epochs: Annotated[int | None, AT_LEAST_1] = None
    """Maximum number of epochs; None: 80, or 100 with preset 'dexlite'."""
    patience: Annotated[int | None, AT_LEAST_1] = None
    """Stop early after this many epochs without a better validation loss; None: 25."""
    rotation: Rotation | None = None
    """Rotation representation; None: 6d, or euler with preset 'dexlite'."""
    without: Annotated[
        tuple[PhysicsLoss, ...] | None, tyro.conf.arg(metavar='LOSS [LOSS ...]')] = None
    """Physics losses to leave out: force_closure, equilibrium, contact_distance, penetration,
    self_penetration, joint_limits; None: keep all losses of the preset."""
    unbalanced: bool = False
    """Sample all grasps equally, not those at rare places more often."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """The same seed, data and device give the same network."""
    threads: Annotated[int, AT_LEAST_0] = 0
    """CPU threads; 0: all."""
    compile: bool = False
    """Compile the point cloud encoder; for GPUs, needs a C++ compiler."""
    output: Path
    """Folder for network.safetensors, network.json, curves.png, tensorboard/
    and state.safetensors."""

    def choice(self) -> TrainingChoice:
        """Return the training settings that were chosen."""
        return TrainingChoice(
            self.preset, self.epochs, self.patience, self.rotation, self.without or (),
            not self.unbalanced, self.seed)


def main(argv: list[str]) -> int:
    """Run ``dexlite train``."""
    options = parse(Train, 'dexlite train', argv)
    settings = options.choice().settings()
    if options.threads:
        torch.set_num_threads(options.threads)
    progress = TrainingRun(
        options.data, options.output, settings,
        command_without_folders('dexlite', 'train', *argv), options.compile,
    ).execute(options.device, partial(print, flush=True))
    if progress is not None:
        print(_json(progress) if options.json else _summary(progress, options.output))
    return 0


def _json(progress: Progress) -> str:
    return json.dumps({
        'epochs': len(progress.history), 'best': progress.best,
        **progress.history[progress.best]})


def _summary(progress: Progress, folder: Path) -> str:
    best = progress.history[progress.best]
    rows = [f'{name:24} {best["train"][name]:10.4f} {best["val"][name]:10.4f}'
            for name in best['train']]
    return '\n'.join([
        f'{"of epoch " + str(progress.best):24} {"train":>10} {"val":>10}', *rows,
        f'network: {folder / "network.safetensors"}, curves: {folder / "curves.png"}'])
