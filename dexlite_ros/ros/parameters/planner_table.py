# SPDX-License-Identifier: Apache-2.0
"""
The planner settings that are available as ROS parameters.

Not all of them are: the rounds of the refinement and the weights of its energy depend on each
other and are changed in code.
"""

from __future__ import annotations

from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ros.parameters.table import Entry, ParameterTable, Value
from dexlite_ros.settings_paths import override


def planner_settings(values: dict[str, Value]) -> PlannerSettings:
    """Return the settings that suit the method, with all other parameters applied."""
    others = {name: value for name, value in values.items() if name != 'method'}
    if not others.get('num_candidates'):
        others.pop('num_candidates', None)
    return override(PlannerSettings.for_method(str(values['method'])), others)


PLANNER_TABLE = ParameterTable(PlannerSettings.for_method(), (
    Entry(
        'method',
        'Source of candidates: network; hull (starts around the convex hull, needs no weights); '
        'both.'),
    Entry(
        'weights',
        "Path of the network's weights (.safetensors, its .json beside it); empty: those that "
        'come with the package.'),
    Entry(
        'temperature',
        "Standard deviation of the network's latent codes. Training uses 1; smaller values give "
        'more typical grasps.', 0.0, 2.0),
    Entry(
        'num_candidates',
        'Number of candidates if a request gives none; more take longer and find better grasps. '
        '0: as many as the method needs.', 0, 65536, default=0),
    Entry('max_grasps', 'Largest number of grasps to return if a request gives none.', 1, 4096),
    Entry('min_score', 'Lowest score to return if a request gives none.', 0.0, 1.0),
    Entry(
        'uncertainty.position',
        'Standard deviation of each coordinate of the wrist from where it was planned, by camera, '
        'calibration and arm [m]; grasps that forgive it score higher.', 0.0, 0.05),
    Entry(
        'uncertainty.rotation',
        'Standard deviation of the angle of the wrist from how it was planned [rad].', 0.0, 0.5),
    Entry(
        'friction', 'Sliding friction coefficient that grasps are scored for.', 0.05, 2.0),
    Entry('mass', 'Mass of the object that grasps are scored for [kg].', 0.001, 10.0),
    Entry(
        'backend',
        'What computes the refinement: fused (compiled for the CPU), torch (any device), or auto '
        '(the former on the CPU, else the latter).'),
    Entry(
        'threads', 'Threads of the compiled refinement; 0: as many as the machine has cores.', 0,
        1024),
    Entry(
        'couple_joints',
        'true: J1 = J2 on the four fingers, as enforced by their common motor. '
        'false: independent.'),
    Entry(
        'cloud.min_points', 'Smallest number of usable points; with fewer the cloud is rejected.',
        16, 100000),
    Entry(
        'cloud.num_points', 'Clouds with more points are thinned evenly to this number.',
        64, 100000),
    Entry(
        'cloud.extent_min',
        "Lower limit of the longest side of the object's bounding box [m].", 0.001, 1.0),
    Entry(
        'cloud.extent_max',
        "Upper limit of the longest side of the object's bounding box [m].", 0.01, 10.0),
    Entry(
        'cloud.neighbours', 'Number of neighbours by which stray points are told.', 1, 100),
    Entry(
        'cloud.outlier_factor',
        'Points this many times farther apart than usual thereabouts do not belong together.',
        1.0, 1000.0),
    Entry(
        'surface.depth',
        "Depth of the octree for the surface fit; 2^depth cells along the object's longest side.",
        4, 9),
    Entry(
        'refinement.cpu_batch',
        'Grasps that torch refines together on the CPU; the best value depends on the cache size.',
        1, 65536),
    Entry(
        'refinement.cuda_batch',
        'Grasps refined together on a CUDA device; halved when memory runs out.', 1, 1000000),
    Entry(
        'squeeze.stiffness',
        "Stiffness of the fingers' position controllers [N m/rad], by which the squeeze is "
        'commanded past contact: torque / stiffness. 0: that of the hand.', 0.0, 1000.0),
    Entry(
        'squeeze.total_force',
        'Sum of the normal contact forces at the squeeze stage, unless joints would need more '
        'torque than they have [N].', 0.1, 1000.0),
    Entry(
        'squeeze.torque_share', "Largest share of the joints' torque that the squeeze may need.",
        0.01, 1.0),
    Entry(
        'stages.clearance', 'Gap between hand and object that the pregrasp aims at [m].',
        0.0, 0.1),
    Entry(
        'ranking.caution',
        'Grasps are ranked by the probability at so many standard deviations below its mean '
        'log-odds, over the networks of the success model.', 0.0, 5.0),
    Entry(
        'ranking.diversity',
        'How much grasps that are unlike the better ones are preferred; 0: by score alone.',
        0.0, 1.0),
    Entry(
        'ranking.penetration_max', 'Deepest allowed overlap of hand and object [m].', 0.0, 0.05),
    Entry(
        'ranking.self_penetration_max', 'Deepest allowed overlap of the hand with itself [m].',
        0.0, 0.05),
    Entry(
        'ranking.residual_max',
        'Largest allowed wrench residual: the squared net wrench that no friction-cone forces can '
        'cancel, for unit forces.',
        0.0, 10.0),
    Entry(
        'ranking.pregrasp_clearance_min',
        'Smallest allowed distance from the open hand to the object [m].', 0.0, 0.1),
    Entry(
        'ranking.obstacle_clearance_min',
        'Smallest allowed distance from the hand to the obstacles [m].', 0.0, 0.1),
    Entry(
        'ranking.support_slack',
        'How much nearer the hand may come to the support than to other obstacles [m]; low things '
        'need it.', 0.0, 0.1),
    Entry(
        'ranking.same_position',
        'Two grasps are duplicates if their palms are closer than this [m] ...', 0.0, 1.0),
    Entry(
        'ranking.same_angle',
        '... and their palm orientations differ by less than this [rad] ...', 0.0, 3.15),
    Entry(
        'ranking.same_joints',
        '... and their joints differ by less than this on average [rad].', 0.0, 3.15),
), planner_settings)
