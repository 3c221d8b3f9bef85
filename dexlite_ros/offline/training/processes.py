# SPDX-License-Identifier: Apache-2.0
"""The process that runs a training: alone, or one of several started by torchrun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os

import torch
from torch import distributed

from dexlite_ros.device import resolve_device


@contextmanager
def joined(name: str) -> Iterator[tuple[torch.device, bool]]:
    """
    Yield this process's device and whether it is the first; torchrun processes join here.

    :param name: auto, cpu, cuda or cuda:N
    """
    if 'TORCHELASTIC_RUN_ID' not in os.environ:
        yield resolve_device(name), True
        return
    device = resolve_device(name)
    if device.type == 'cuda':
        device = torch.device('cuda', int(os.environ['LOCAL_RANK']))
        torch.cuda.set_device(device)
    distributed.init_process_group('nccl' if device.type == 'cuda' else 'gloo')
    try:
        yield device, distributed.get_rank() == 0
    finally:
        distributed.destroy_process_group()
