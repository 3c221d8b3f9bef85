# SPDX-License-Identifier: Apache-2.0
"""
Trained networks as files: NAME.safetensors holds the weights, NAME.json everything else.

The network is rebuilt from both files. They are rejected if they do not match each other, this
release, or the hand. Neither contains code.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import hashlib
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from dexlite_ros.errors import FileError, ModelError
from dexlite_ros.files import read_json, replaced, write_json
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.network.grasp_network import GraspNetwork, NetworkConfig
from dexlite_ros.network.pose_code import LENGTH

FORMAT = 'dexlite_ros/network'
VERSION = 1
WEIGHTS = Path(__file__).parent
"""Folder of the weights that come with the package, named after their hands."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and its origin."""

    network: GraspNetwork
    """In evaluation mode, on the CPU."""
    name: str
    """Name of its files."""
    digest: str
    """SHA-256 of the weights, in hexadecimal digits."""
    about: dict[str, Any]
    """Origin of the weights: data, settings, metrics; informative only."""

    @property
    def model_id(self) -> str:
        """Name of the model: NAME@ and the first 12 digits of the digest."""
        return f'{self.name}@{self.digest[:12]}'


def write_checkpoint(
    path: str | Path, network: GraspNetwork, hand: HandDescription, about: dict[str, Any]
) -> None:
    """
    Write a network as PATH.safetensors and PATH.json, its weights in half precision.

    :param path: without a suffix
    :param about: origin of the weights as plain values: data, settings, metrics
    """
    path = Path(path)
    weights, sheet = _files(path)
    with replaced(weights) as temporary:
        temporary.write_bytes(save(
            {name: _stored(value) for name, value in network.state_dict().items()}))
    write_json(sheet, {
        'format': FORMAT, 'version': VERSION, 'weights': _digest(weights),
        'hand': hand.name, 'joint_names': list(hand.joint_names), **_normalisation(hand),
        'network': asdict(network.config), 'about': about})


def read_checkpoint(path: str | Path, hand: HandDescription) -> Checkpoint:
    """
    Read what ``write_checkpoint`` wrote.

    :param path: without a suffix, or the path of either file
    :raises ModelError: missing, damaged, of another format, or for another hand
    """
    path = _without_suffix(path)
    weights, sheet = _files(path)
    for each in (weights, sheet):
        if not each.is_file():
            raise ModelError(
                str(each), 'no such file; name another, train one with dexlite train, '
                "or plan with the method 'hull'")
    try:
        content = read_json(sheet, FORMAT, VERSION)
        _check_hand(sheet, content, hand)
        digest = _digest(weights)
        if content['weights'] != digest:
            raise ModelError(str(weights), f'they are not those that {sheet.name} describes')
        config = NetworkConfig(**{
            **content['network'], 'channels': tuple(content['network']['channels'])})
        network = GraspNetwork(hand, config)
        network.load_state_dict(load_file(weights))
        about = dict(content['about'])
    except FileError as error:
        raise ModelError(str(sheet), error.reason) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(str(sheet), f'it holds no network: {error!r}') from error
    except (SafetensorError, RuntimeError, OSError) as error:
        raise ModelError(str(weights), f'they do not fit the network: {error}') from error
    return Checkpoint(network.eval(), path.name, digest, about)


def hand_of(path: str | Path) -> str:
    """
    Return the name of the hand that a network was trained for; empty: the file does not tell.

    :param path: without a suffix, or the path of either file
    """
    try:
        return str(read_json(_files(_without_suffix(path))[1], FORMAT, VERSION).get('hand', ''))
    except FileError:
        return ''  # What is wrong with the file is said by ``read_checkpoint``.


def _stored(value: Tensor) -> Tensor:
    """Return a value as it is stored: numbers in half precision, whose error training exceeds."""
    return (value.half() if value.is_floating_point() else value).cpu().contiguous()


def _without_suffix(path: str | Path) -> Path:
    path = Path(path)
    return path.with_suffix('') if path.suffix in ('.safetensors', '.json') else path


def _files(path: Path) -> tuple[Path, Path]:
    """Return the paths of weights and sheet; the name may contain dots."""
    return path.with_name(f'{path.name}.safetensors'), path.with_name(f'{path.name}.json')


def _check_hand(sheet: Path, content: dict[str, Any], hand: HandDescription) -> None:
    expected = {
        'hand': hand.name, 'joint_names': list(hand.joint_names), **_normalisation(hand)}
    for name, value in expected.items():
        if content[name] != value:
            raise ModelError(
                str(sheet), f"its '{name}' is {content[name]}, expected {value}; retrain it "
                'with dexlite train')


def _normalisation(hand: HandDescription) -> dict[str, Any]:
    """Return the scales of the grasp vector: length [m], and limits of each joint [rad]."""
    return {
        'length': LENGTH,
        'joint_limits': [[joint.lower, joint.upper] for joint in hand.joints]}


def _digest(path: Path) -> str:
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
