"""
The ROS parameters that are the planner's own settings.

Not every field is one: the rounds of the refinement and the weights of its energy belong together
and are changed in code.
"""

from __future__ import annotations

from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ros.parameters.table import Entry, override, ParameterTable, Value


def planner_settings(values: dict[str, Value]) -> PlannerSettings:
    """Return the settings that suit the method, with all other parameters put in."""
    others = {name: value for name, value in values.items() if name != 'method'}
    if not others.get('num_candidates'):
        others.pop('num_candidates', None)
    return override(PlannerSettings.for_method(str(values['method'])), others)


PLANNER_TABLE = ParameterTable(PlannerSettings.for_method(), (
    Entry(
        'method',
        'Where candidates come from: network; hull (starts around the convex hull, needs no '
        'weights); both.'),
    Entry(
        'weights',
        "Path of the network's weights (.safetensors, its .json beside it); empty: those that "
        'come with the package.'),
    Entry(
        'temperature',
        "Standard deviation of the network's latent codes: 1 is what it was trained with; less "
        'gives more typical grasps.', 0.0, 2.0),
    Entry(
        'num_candidates',
        'Candidates to draw when a request gives no number; more take longer and find better '
        'grasps. 0: as many as the method needs.', 0, 65536, default=0),
    Entry('max_grasps', 'Grasps to return at most when a request gives no number.', 1, 4096),
    Entry(
        'min_score', 'Grasps with a lower score are dropped when a request gives none.', 0.0, 1.0),
    Entry(
        'couple_joints',
        'true: J1 = J2 on the four fingers, as their common motor keeps them. false: free.'),
    Entry('cloud.min_points', 'Fewest usable points; with fewer the cloud is bad.', 16, 100000),
    Entry(
        'cloud.num_points', 'A cloud with more points is thinned evenly to this many.',
        64, 100000),
    Entry(
        'cloud.extent_min', 'Smallest allowed largest side of the object [m].', 0.001, 1.0),
    Entry('cloud.extent_max', 'Largest allowed largest side of the object [m].', 0.01, 10.0),
    Entry('cloud.neighbours', 'Neighbours the outlier test looks at.', 1, 100),
    Entry(
        'cloud.outlier_factor',
        'A point this many times farther from its neighbours than usual is an outlier.',
        1.0, 1000.0),
    Entry(
        'surface.depth',
        "Depth of the octree the surface is fitted in; 2^depth cells along the object's longest "
        'side.', 4, 9),
    Entry(
        'refinement.cpu_batch', 'Grasps refined together on the CPU; a matter of cache size.',
        1, 65536),
    Entry(
        'refinement.cuda_batch',
        'Grasps refined together on a CUDA device; halved when memory is short.', 1, 1000000),
    Entry(
        'squeeze.stiffness',
        "Stiffness of the hand's position controllers [N m/rad]; the squeeze is commanded past "
        'contact by force over stiffness.', 0.1, 1000.0),
    Entry(
        'squeeze.total_force', 'Sum of the contact forces the squeeze aims at [N].', 0.1, 1000.0),
    Entry(
        'stages.clearance', 'Gap between hand and object the pregrasp aims at [m].', 0.0, 0.1),
    Entry(
        'ranking.penetration_max', 'Deepest allowed overlap of hand and object [m].', 0.0, 0.05),
    Entry(
        'ranking.self_penetration_max', 'Deepest allowed overlap of the hand with itself [m].',
        0.0, 0.05),
    Entry(
        'ranking.residual_max',
        'Largest allowed wrench that friction-cone forces cannot cancel, squared unit forces.',
        0.0, 10.0),
    Entry(
        'ranking.pregrasp_clearance_min',
        'Smallest allowed distance from the open hand to the object [m].', 0.0, 0.1),
    Entry(
        'ranking.obstacle_clearance_min',
        'Smallest allowed distance from the hand to the obstacles [m].', 0.0, 0.1),
    Entry(
        'ranking.same_position',
        'Two grasps are the same when their palms are nearer than this [m] ...', 0.0, 1.0),
    Entry('ranking.same_angle', '... and turned by less than this [rad] ...', 0.0, 3.15),
    Entry(
        'ranking.same_joints',
        '... and their joints differ by less than this on average [rad].', 0.0, 3.15),
), planner_settings)
