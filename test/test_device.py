# SPDX-License-Identifier: Apache-2.0
"""A device is what its name says, or a sentence about what there is."""

import pytest
from threadpoolctl import ThreadpoolController
import torch

from dexlite_ros.device import describe_device, one_thread, planning_device, resolve_device
from dexlite_ros.errors import DeviceError


def test_names_of_devices():
    """The automatic choice exists on every machine; a wrong name is refused with right ones."""
    assert resolve_device('auto').type in ('cpu', 'cuda')
    assert planning_device('auto') == torch.device('cpu')
    assert resolve_device('cpu') == torch.device('cpu')
    assert describe_device(torch.device('cpu')) == 'cpu'
    for name in ('tpu', 'meta', 'cuda:99'):
        with pytest.raises(DeviceError, match='cpu'):
            resolve_device(name)


def test_threads_are_given_back():
    """One thread inside, as many as before afterwards, whatever happens inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError), one_thread():
            assert torch.get_num_threads() == 1
            blas = ThreadpoolController().select(user_api='blas').info()
            assert blas and {pool['num_threads'] for pool in blas} == {1}
            raise RuntimeError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
