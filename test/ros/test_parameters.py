# SPDX-License-Identifier: Apache-2.0
"""Table, settings, YAML file and documentation agree on every parameter."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip('rclpy', reason='the node needs ROS 2 (rclpy)')

from rclpy.context import Context
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.ros.parameters.docs import sorted_entries, with_table, yaml_text
from dexlite_ros.ros.parameters.node_table import NODE_TABLE, NodeSettings
from dexlite_ros.ros.parameters.planner_table import PLANNER_TABLE
from dexlite_ros.ros.parameters.table import ParameterTable
from dexlite_ros.ros.parameters.unknown import unknown_parameters
from dexlite_ros.settings_paths import paths

TABLES = [NODE_TABLE, PLANNER_TABLE]


@pytest.fixture
def make_node():
    """Return a function that makes nodes in their own context, with the given parameters."""
    context = Context()
    context.init()
    nodes = []

    def make(**given: object) -> Node:
        overrides = [Parameter(name.replace('__', '.'), value=v) for name, v in given.items()]
        nodes.append(Node('parameters', context=context, parameter_overrides=overrides))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.shutdown()


def test_the_yaml_file_is_up_to_date(root: Path) -> None:
    """Rewrite it with python -m dexlite_ros.ros.parameters.docs."""
    assert (root / 'config/planner.yaml').read_text() == yaml_text()


def test_the_documentation_is_up_to_date(root: Path) -> None:
    """Rewrite it with python -m dexlite_ros.ros.parameters.docs."""
    text = (root / 'docs/node.md').read_text()
    assert with_table(text) == text
    assert all(f'| `{entry.name}` |' in text for entry, _ in sorted_entries())


def test_the_yaml_file_holds_exactly_the_defaults(root: Path) -> None:
    """The types are compared as well: 5.0 is a float, 5 is not."""
    loaded = yaml.safe_load((root / 'config/planner.yaml').read_text())
    assert loaded.keys() == {'/**'}
    flat = _flatten(loaded['/**']['ros__parameters'])
    expected = {
        entry.name: list(default) if isinstance(default, tuple) else default
        for entry, default in sorted_entries()
    }
    assert flat == expected
    assert {n: type(v) for n, v in flat.items()} == {n: type(v) for n, v in expected.items()}


def test_every_field_of_the_node_is_a_parameter() -> None:
    """No setting of the node is hidden."""
    assert {entry.name for entry in NODE_TABLE.entries} == set(paths(NodeSettings()))


@pytest.mark.parametrize('table', TABLES, ids=['node', 'planner'])
def test_declared_parameters_read_back_as_the_defaults(make_node, table: ParameterTable) -> None:
    """Without a file, a node has the default settings."""
    node = make_node()
    table.declare(node)
    assert table.read(node) == table.defaults


@pytest.mark.parametrize('table', TABLES, ids=['node', 'planner'])
def test_every_parameter_is_described_and_in_range(table: ParameterTable) -> None:
    """Each has one sentence, and its default is within its range."""
    for entry in table.entries:
        assert entry.meaning.endswith(('.', '...')), entry.name
        if entry.lower is not None:
            assert entry.lower <= table.default(entry) <= entry.upper, entry.name


def test_given_values_reach_the_settings(make_node) -> None:
    """They are assigned by the path of the field, also in nested settings."""
    node = make_node(
        queue_size=3, markers__alpha=0.25, trajectory__times=[0.5, 1.0, 4.0],
        cloud__min_points=100, max_grasps=7)
    for table in TABLES:
        table.declare(node)
    own, planner = NODE_TABLE.read(node), PLANNER_TABLE.read(node)
    assert (own.queue_size, own.markers.alpha) == (3, 0.25)
    assert own.trajectory.times == (0.5, 1.0, 4.0)
    assert (planner.cloud.min_points, planner.max_grasps) == (100, 7)
    assert planner.ranking == PLANNER_TABLE.defaults.ranking


@pytest.mark.parametrize(
    ('given', 'error'),
    [
        ({'timeout': 5}, InvalidParameterTypeException),
        ({'queue_size': 17}, InvalidParameterValueException),
        ({'markers__alpha': 1.5}, InvalidParameterValueException),
    ],
)
def test_wrong_values_are_refused_by_name(make_node, given: dict, error: type) -> None:
    """The message names the parameter."""
    with pytest.raises(error, match=next(iter(given)).replace('__', '.')):
        NODE_TABLE.declare(make_node(**given))


def test_changes_are_judged_together_with_the_rest(make_node) -> None:
    """The settings check what the range of a single parameter cannot."""
    node = make_node()
    NODE_TABLE.declare(node)
    changed = NODE_TABLE.read(node, [Parameter('seed', value=5), Parameter('other', value=1)])
    assert changed.seed == 5
    with pytest.raises(InvalidRequest, match='trajectory.times'):
        NODE_TABLE.read(node, [Parameter('trajectory.times', value=[1.0, 1.0, 2.0])])


def test_misspelt_parameters_are_named_with_the_nearest(make_node) -> None:
    """Parameters that exist are not, nor are those that a node has by itself."""
    node = make_node(
        max_graspz=3, cloud__min_point=5, ranking__same_angle=0.3, use_sim_time=False,
        something_else=1)
    for table in TABLES:
        table.declare(node)
    near, angle, other = unknown_parameters(node)
    assert "'cloud.min_point' is not" in near and "did you mean 'cloud.min_points'?" in near
    assert "'max_graspz' is not" in angle and "did you mean 'max_grasps'?" in angle
    assert "'something_else'" in other and 'did you mean' not in other
    assert list(unknown_parameters(node, lambda name: name.startswith('qos'))) == []


def test_read_only_parameters_stay(make_node) -> None:
    """The device cannot change under a running planner."""
    node = make_node()
    NODE_TABLE.declare(node)
    result = node.set_parameters([Parameter('device', value='cuda'), Parameter('seed', value=3)])
    assert [r.successful for r in result] == [False, True]


def _flatten(tree: dict, prefix: str = '') -> dict[str, object]:
    flat = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f'{prefix}{name}.')
        else:
            flat[prefix + name] = value
    return flat
