# SPDX-License-Identifier: Apache-2.0
"""Networks are read back from files unchanged, or rejected."""

from dataclasses import asdict
import hashlib
import json
from pathlib import Path

import pytest
import torch

from dexlite_ros.errors import ModelError
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.checkpoint import read_checkpoint, write_checkpoint
from dexlite_ros.network.cloud_frame import CloudFrames
from dexlite_ros.network.grasp_network import GraspNetwork, NetworkConfig

SMALL = NetworkConfig(channels=(8, 16), latent=4, num_points=32)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return the path of a small network."""
    torch.manual_seed(0)
    network = GraspNetwork(SHADOW_RIGHT, SMALL).eval()
    write_checkpoint(tmp_path / 'small', network, SHADOW_RIGHT, {'data': 'none'})
    return tmp_path / 'small'


def changed(path: Path, **values: object) -> None:
    """Change values of the JSON sheet."""
    sheet = path.with_suffix('.json')
    sheet.write_text(json.dumps({**json.loads(sheet.read_text()), **values}))


def decoded(network: GraspNetwork) -> torch.Tensor:
    """Return what a network decodes from a cloud and a code."""
    generator = torch.Generator().manual_seed(1)
    cloud = torch.randn(1, 32, 3, generator=generator) / 20
    seen = network.see(cloud, CloudFrames.along(cloud, 'given'))
    zero = torch.zeros(3, dtype=torch.long)
    code = torch.randn(3, network.config.latent, generator=generator)
    return network.grasps(seen, zero, zero, network.decode(seen, zero, zero, code)).to_vector()


def test_a_network_comes_back(written):
    """Weights, sizes and name are restored; the name changes with the weights."""
    torch.manual_seed(0)
    original = GraspNetwork(SHADOW_RIGHT, SMALL).eval()
    found = read_checkpoint(written, SHADOW_RIGHT)
    assert found.network.config == SMALL and not found.network.training
    # Stored in half precision: within 2 mm and 2 mrad.
    torch.testing.assert_close(decoded(found.network), decoded(original), rtol=0, atol=2e-3)
    assert found.about == {'data': 'none'}
    assert found.model_id == f'small@{found.digest[:12]}'
    write_checkpoint(written, GraspNetwork(SHADOW_RIGHT, SMALL), SHADOW_RIGHT, {})
    assert read_checkpoint(written, SHADOW_RIGHT).model_id != found.model_id


def test_either_file_names_it(written):
    """The path may have either suffix or none."""
    for suffix in ('.safetensors', '.json'):
        assert read_checkpoint(written.with_suffix(suffix), SHADOW_RIGHT).name == 'small'


@pytest.mark.parametrize('suffix', ['.safetensors', '.json'])
def test_a_missing_file_is_named_with_the_remedy(written, suffix):
    """The error names the file and how to plan without it."""
    written.with_suffix(suffix).unlink()
    with pytest.raises(ModelError, match=rf"small\{suffix}.*no such file.*'hull'"):
        read_checkpoint(written, SHADOW_RIGHT)


@pytest.mark.parametrize('values, message', [
    ({'format': 'other'}, 'not of the format'),
    ({'version': 99}, 'version 1'),
    ({'hand': 'left'}, "its 'hand' is left"),
    ({'joint_names': ['FFJ4']}, "its 'joint_names'"),
    ({'joint_limits': []}, "its 'joint_limits'"),
    ({'length': 1.0}, "its 'length' is 1.0"),
    ({'weights': '0' * 64}, 'not those that small.json describes'),
    ({'network': {'rotation': 'euler'}}, 'holds no network'),
    ({'network': {**asdict(SMALL), 'frame': 'principle'}}, "frame is 'principle'"),
    ({'network': {**asdict(SMALL), 'num_points': 0}}, 'have to be positive'),
])
def test_what_does_not_fit_is_refused(written, values, message):
    """Each mismatch has its own message."""
    changed(written, **values)
    with pytest.raises(ModelError, match=message):
        read_checkpoint(written, SHADOW_RIGHT)


def test_weights_of_another_size_are_refused(written):
    """The sheet describes another network."""
    content = json.loads(written.with_suffix('.json').read_text())
    changed(written, network={**content['network'], 'latent': 5})
    with pytest.raises(ModelError, match='do not fit the network'):
        read_checkpoint(written, SHADOW_RIGHT)


def test_half_a_file_is_refused(written):
    """This holds even if the sheet has the checksum of the truncated file."""
    weights = written.with_suffix('.safetensors')
    weights.write_bytes(weights.read_bytes()[:100])
    changed(written, weights=hashlib.sha256(weights.read_bytes()).hexdigest())
    with pytest.raises(ModelError, match='do not fit the network'):
        read_checkpoint(written, SHADOW_RIGHT)


def test_a_name_may_have_a_dot(tmp_path):
    """Names that differ only after the dot are different."""
    for name in ('run_0.5', 'run_0.6'):
        write_checkpoint(tmp_path / name, GraspNetwork(SHADOW_RIGHT, SMALL), SHADOW_RIGHT, {})
        assert read_checkpoint(tmp_path / name, SHADOW_RIGHT).name == name
    assert len(list(tmp_path.iterdir())) == 4
