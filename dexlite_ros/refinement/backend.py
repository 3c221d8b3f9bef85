# SPDX-License-Identifier: Apache-2.0
"""What computes the refinement: torch, on any device, or compiled functions on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args, Literal

import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import Optimizer, OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer

Backend = Literal['auto', 'torch', 'fused']
BACKENDS: tuple[Backend, ...] = get_args(Backend)


def chosen_backend(backend: Backend, device: torch.device) -> Backend:
    """
    Return the backend to use on a device: 'auto' is the compiled one on the CPU, else torch.

    :raises InvalidRequest: for an unknown backend, or one that cannot compute there
    """
    if backend not in BACKENDS:
        raise InvalidRequest('backend', backend, f'one of {", ".join(BACKENDS)}')
    if backend == 'fused' and device.type != 'cpu':
        raise InvalidRequest('backend', backend, f"'auto' or 'torch' on {device}")
    if backend == 'auto':
        return 'fused' if device.type == 'cpu' else 'torch'
    return backend


def make_optimizers(
    energies: Sequence[GraspEnergy], settings: Sequence[OptimizerSettings], backend: Backend,
    threads: int,
) -> list[Optimizer]:
    """
    Return one optimiser for each energy.

    :param energies: at least one; all on the same device
    :param settings: of each optimiser
    :param threads: that the compiled backend may use; 0: as many as torch uses
    :raises InvalidRequest: for a backend that cannot compute on the energies' device
    """
    if chosen_backend(backend, energies[0].field.values.device) == 'torch':
        return [PostOptimizer(*each) for each in zip(energies, settings)]
    return [
        FusedOptimizer(*each, threads or torch.get_num_threads())
        for each in zip(energies, settings)]
