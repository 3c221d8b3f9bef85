# SPDX-License-Identifier: Apache-2.0
"""
The training loop: steps, moving average, validation, and a saved state after every epoch.

Under torchrun, each process works on its share of every epoch and gradients are averaged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
import json
import math
from pathlib import Path

from safetensors import safe_open, SafetensorError
from safetensors.torch import save
import torch
from torch import distributed, nn, Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from dexlite_ros import __version__
from dexlite_ros.errors import DexliteError, FileError
from dexlite_ros.files import replaced
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.network.grasp_network import GraspNetwork
from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.batches import Batch, Batches
from dexlite_ros.offline.training.examples import Examples, FIELD_NODES, TOUCHING
from dexlite_ros.offline.training.losses import TrainingLoss
from dexlite_ros.offline.training.settings import TrainingSettings

Figures = dict[str, float]


class Diverged(DexliteError):
    """A loss became infinite or NaN; the state saved before is intact."""

    def __init__(self, epoch: int, names: list[str]) -> None:
        super().__init__(
            f'in epoch {epoch} {", ".join(names)} became infinite or NaN; the state saved '
            'before is intact: start a new run with another seed')


@dataclass
class Progress:
    """Progress of a run."""

    history: list[dict[str, Figures]] = field(default_factory=list)
    """For each epoch, the mean of each loss, for 'train' and 'val'."""
    best: int = -1
    """Epoch of the lowest validation loss."""

    @property
    def waited(self) -> int:
        """Return the number of epochs since the best."""
        return len(self.history) - 1 - self.best

    def add(self, train: Figures, val: Figures) -> bool:
        """Record an epoch; return True when it is the best so far."""
        self.history.append({'train': train, 'val': val})
        lowest = self.best < 0 or val['total'] < self.history[self.best]['val']['total']
        if lowest:
            self.best = len(self.history) - 1
        return lowest


class Trainer:
    """Trains one network."""

    def __init__(
        self,
        geometry: HandGeometry,
        train: Examples,
        val: Examples,
        settings: TrainingSettings,
        *,
        data: str = '',
        compiled: bool = False,
    ) -> None:
        """
        Build network and optimiser on the examples' device.

        :param data: digest of the dataset that the examples come from
        :param compiled: compile the encoder; worth it on a GPU
        """
        self.settings = settings
        self.progress = Progress()
        self._train, self._val, self._data = train, val, data
        self._device = train.object.device
        torch.manual_seed(settings.seed)
        config = settings.network
        network = GraspNetwork(geometry.kinematics.description, config).to(self._device)
        self._loss = TrainingLoss(network, geometry, settings.losses)
        self._average = AveragedModel(
            network, multi_avg_fn=get_ema_multi_avg_fn(settings.average), use_buffers=True)
        self._optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        common = config.num_points, config.frame
        self._batches = Batches(train, settings.batches, settings.augmentation, *common)
        every = replace(settings.batches, balanced=False)
        self._validation = Batches(val, every, Augmentation.none(), *common)
        self._rank, self._world = 0, 1
        self._step: nn.Module = self._loss
        if compiled:
            network.encoder.compile()
        if distributed.is_initialized():
            self._rank, self._world = distributed.get_rank(), distributed.get_world_size()
            self._step = nn.parallel.DistributedDataParallel(self._loss)

    @property
    def network(self) -> GraspNetwork:
        """Return the moving average of the network, which is the one that is kept."""
        network = self._average.module
        assert isinstance(network, GraspNetwork)
        return network

    @property
    def hand(self) -> HandDescription:
        """Return the hand that the network is trained for."""
        return self._loss.geometry.kinematics.description

    @property
    def rate(self) -> float:
        """Learning rate of the latest epoch."""
        return self._optimizer.param_groups[0]['lr']

    @property
    def done(self) -> bool:
        """Whether all epochs are done, or early stopping applies."""
        return (len(self.progress.history) >= self.settings.epochs
                or self.progress.waited >= self.settings.patience)

    def epoch(self) -> bool:
        """
        Train and validate for one epoch; return True when it is the best so far.

        :raises Diverged: when a loss is infinite or NaN
        """
        number = len(self.progress.history)
        self._step.train()
        batches = self._batches.epoch(self.settings.seed, number, self._rank, self._world)
        generator = self._generator(number, 1)
        left = self.settings.final_rate
        for group in self._optimizer.param_groups:
            group['lr'] = self.settings.learning_rate * (
                left + (1 - left) * (1 + math.cos(math.pi * self._share)) / 2)
        train = self._mean(
            self._learn(batch, generator) for batch in self._shown(batches, f'epoch {number}'))
        val = self._validate()
        broken = [name for name in train if not math.isfinite(train[name] + val[name])]
        if broken:
            raise Diverged(number, broken)
        return self.progress.add(train, val)

    def save(self, path: Path) -> None:
        """Write the state from which another process can resume, replacing the previous one."""
        tensors = {
            f'{part}.{name}': value
            for part, module in self._modules().items()
            for name, value in module.state_dict().items()}
        for index, state in self._optimizer.state_dict()['state'].items():
            tensors |= {f'adam.{index}.{name}': value for name, value in state.items()}
        with replaced(path) as temporary:
            temporary.write_bytes(save(
                {name: value.contiguous() for name, value in tensors.items()},
                {'settings': self._key(), 'progress': json.dumps(asdict(self.progress))}))

    def resume(self, path: Path) -> None:
        """
        Resume from a saved state.

        :raises FileError: when it is unreadable, or was saved under other settings
        """
        try:
            with safe_open(path, 'pt', device=str(self._device)) as file:
                about = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (SafetensorError, OSError) as error:
            raise FileError(path, f'{error}; remove it to start over') from error
        if about.get('settings') != self._key():
            raise FileError(
                path, 'it was trained with other settings, other data or another release; name '
                'a new folder')
        self.progress = Progress(**json.loads(about['progress']))
        adam: dict[int, dict[str, Tensor]] = {}
        parts: dict[str, dict[str, Tensor]] = {name: {} for name in self._modules()}
        for name, value in tensors.items():
            part, _, rest = name.partition('.')
            if part == 'adam':
                index, _, what = rest.partition('.')
                adam.setdefault(int(index), {})[what] = value
            else:
                parts[part][rest] = value
        for part, module in self._modules().items():
            module.load_state_dict(parts[part])
        state = self._optimizer.state_dict()
        self._optimizer.load_state_dict({**state, 'state': adam})

    @property
    def _share(self) -> float:
        """Fraction of the training that is done."""
        return len(self.progress.history) / self.settings.epochs

    def _modules(self) -> dict[str, nn.Module]:
        return {'network': self._loss.network, 'average': self._average}

    def _key(self) -> str:
        """Return everything that affects the result; on a CPU, this includes the thread count."""
        threads = torch.get_num_threads() if self._device.type == 'cpu' else 0
        return json.dumps([
            __version__, asdict(self.settings), self._data, self._world, threads, FIELD_NODES,
            TOUCHING])

    def _learn(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        share = self.settings.losses.physics_share(self._share)
        losses = self._step(
            batch, self._train.bank, generator, share=share, bf16=self.settings.bf16)
        self._optimizer.zero_grad()
        losses['total'].backward()
        nn.utils.clip_grad_norm_(self._loss.parameters(), self.settings.gradient_limit)
        self._optimizer.step()
        self._average.update_parameters(self._loss.network)
        return losses

    def _validate(self) -> Figures:
        """Return the losses of the moving average, on the same batches in every epoch."""
        if self._world > 1:  # Processes saw different clouds; keep the first one's.
            for buffer in self._average.buffers():
                distributed.broadcast(buffer, 0)
        loss = TrainingLoss(self.network, self._loss.geometry, self.settings.losses).eval()
        generator = self._generator(0, 2)
        with torch.no_grad():
            return self._mean(
                loss(batch, self._val.bank, generator, bf16=self.settings.bf16)
                for batch in self._validation.epoch(0, 0, self._rank, self._world))

    def _mean(self, losses: Iterable[dict[str, Tensor]]) -> Figures:
        """Return the mean of each loss over batches and processes."""
        kept = [{name: value.detach() for name, value in each.items()} for each in losses]
        names = list(kept[0])
        mean = torch.stack([torch.stack([each[name] for name in names]) for each in kept]).mean(0)
        if self._world > 1:
            distributed.all_reduce(mean)
            mean /= self._world
        return dict(zip(names, mean.tolist()))

    def _generator(self, epoch: int, stream: int) -> torch.Generator:
        seed = ((self.settings.seed * 100_003 + epoch) * 10 + stream) * 1_009 + self._rank
        return torch.Generator(self._device).manual_seed(seed)

    def _shown(self, batches: Iterable[Batch], text: str) -> Iterable[Batch]:
        """Show a progress bar, in one process only."""
        quiet = True if self._rank else None
        return tqdm(batches, desc=text, unit='step', disable=quiet, leave=False)
