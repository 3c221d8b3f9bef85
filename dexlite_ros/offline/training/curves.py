# SPDX-License-Identifier: Apache-2.0
"""Curves of every loss of a training run, for TensorBoard and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dexlite_ros.errors import MissingDependency, WriteError
from dexlite_ros.files import cause, replaced
from dexlite_ros.offline.training.trainer import Progress

COLUMNS = 4


class CurveLog:
    """Scalars of every epoch for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        """
        Check that TensorBoard is installed; nothing is written yet.

        :raises MissingDependency: without the package tensorboard
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingDependency(
                'tensorboard', 'to log the curves of training',
                "install it with pip install 'dexlite_ros[train]'") from error
        self._make, self._folder = SummaryWriter, str(folder)

    def open(self, epoch: int) -> None:
        """
        Start writing; entries that an interrupted run wrote after its last state are dropped.

        :param epoch: first epoch to be written
        """
        with self._named():
            self._writer = self._make(self._folder, purge_step=epoch)

    def add(self, progress: Progress, rate: float) -> None:
        """
        Write the latest epoch.

        :param rate: its learning rate
        """
        epoch = len(progress.history) - 1
        with self._named():
            for split, figures in progress.history[-1].items():
                for name, value in figures.items():
                    self._writer.add_scalar(f'{name}/{split}', value, epoch)
            self._writer.add_scalar('learning_rate', rate, epoch)
            self._writer.flush()

    def close(self) -> None:
        """Close the log."""
        with self._named():
            self._writer.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the folder in errors: TensorBoard writes in a thread, which loses the path."""
        try:
            yield
        except OSError as error:
            raise WriteError(self._folder, cause(error)) from error


def draw_curves(progress: Progress, path: Path) -> None:
    """Write a PNG with one panel per loss, each showing training and validation."""
    from matplotlib.figure import Figure

    names = [
        name for name, value in progress.history[-1]['train'].items()
        if any(each['train'][name] for each in progress.history) or value]
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(3.4 * COLUMNS, 2.4 * rows), layout='constrained')
    for panel, name in zip(figure.subplots(rows, COLUMNS, squeeze=False).flat, names):
        for split, colour in (('train', 'tab:blue'), ('val', 'tab:orange')):
            values = [each[split][name] for each in progress.history]
            panel.plot(range(len(values)), values, color=colour, label=split)
            if min(values) > 0:
                panel.set_yscale('log')
        panel.axvline(progress.best, color='0.8', zorder=0)
        panel.set_title(name.replace('_', ' '), fontsize=9)
        panel.tick_params(labelsize=7)
    panels = figure.axes
    panels[0].legend(fontsize=7)
    for panel in panels[len(names):]:
        panel.set_axis_off()
    figure.supxlabel('epoch; the grey line marks the epoch that was kept', fontsize=8)
    with replaced(path) as temporary:
        figure.savefig(temporary, format='png', dpi=110)
