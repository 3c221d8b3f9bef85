# SPDX-License-Identifier: Apache-2.0
"""Selection of the torch device: 'auto', 'cpu', 'cuda' or 'cuda:N'."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits
import torch

from dexlite_ros.errors import DeviceError, OutOfMemory


def resolve_device(name: str) -> torch.device:
    """
    Return the device of that name; 'auto' is the first GPU, or the CPU if there is none.

    :raises DeviceError: when the name is unknown or the device is missing
    """
    if name == 'auto':
        return torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(name, "expected 'auto', 'cpu', 'cuda' or 'cuda:N'") from error
    if device.type == 'cuda':
        index, count = device.index or 0, torch.cuda.device_count()
        if index >= count:
            raise DeviceError(name, f"{count} CUDA devices are visible; use 'cpu' or 'auto'")
        return torch.device('cuda', index)
    if device.type != 'cpu':
        raise DeviceError(name, "expected 'auto', 'cpu', 'cuda' or 'cuda:N'")
    return device


def planning_device(name: str) -> torch.device:
    """
    Return the device to plan on: as ``resolve_device``, but 'auto' is the CPU.

    What is compiled for the CPU makes a plan in half the time that a GPU takes
    (docs/results/speed.md): the batches of one plan are small.
    """
    return resolve_device('cpu' if name == 'auto' else name)


def describe_device(device: torch.device) -> str:
    """Return the device's name for reports, such as 'cpu' or 'cuda:0 NVIDIA H100'."""
    if device.type == 'cuda':
        return f'{device} {torch.cuda.get_device_name(device)}'
    return str(device)


@contextmanager
def device_faults(device: torch.device) -> Iterator[None]:
    """Translate torch's memory and CUDA errors into OutOfMemory and DeviceError."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise OutOfMemory(str(device)) from error
    except RuntimeError as error:
        # On the CPU torch raises a plain RuntimeError for both.
        if "can't allocate memory" in str(error):
            raise OutOfMemory(str(device)) from error
        if 'CUDA' in str(error):
            raise DeviceError(str(device), str(error).splitlines()[0]) from error
        raise


@contextmanager
def one_thread() -> Iterator[None]:
    """
    Keep torch and numpy's matrix products from splitting operations over several threads.

    The tensors here are small: on a busy machine, the threads of one operation would spend more
    time waiting for each other than computing.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1, user_api='blas'):
            yield
    finally:
        torch.set_num_threads(threads)
