# SPDX-License-Identifier: Apache-2.0
"""
The columns of labels: one table of grasps, one of scenes, each with its meaning.

Lengths are in metres, angles in radians. Grasps are in the frame of the scaled object mesh.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import pyarrow as pa

from dexlite_ros.features import GraspFeatures
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.dataset.schema import with_format
from dexlite_ros.plan import GraspMetrics, Rejections

FORMAT = 'dexlite_ros/labels'
VERSION = 1


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    kind: pa.DataType
    meaning: str


def _vector(size: int) -> pa.DataType:
    return pa.list_(pa.float32(), size)


WORDS = pa.dictionary(pa.int32(), pa.string())
POSE = pa.list_(pa.float64())
PAIRS = pa.list_(pa.struct([('source', pa.string()), ('object', pa.string())]))
SURFACES = pa.list_(pa.struct([('method', pa.string()), ('weight', pa.float32())]))
KEYS = (
    Column('scene', WORDS, 'key of the scene: OBJECT/KIND_scale_S_seed_N'),
    Column('object', WORDS, 'name of the object'),
    Column('split', WORDS, 'train, or val for about one object in ten'),
    Column('kind', WORDS, 'table, floating (one view, no table) or full (seen from all sides)'),
    Column('scale', pa.float32(), 'factor from the unit of the object to metres'),
    Column('seed', pa.int32(), 'seed as given in the command'),
)


def grasp_columns(joints: int) -> tuple[Column, ...]:
    """Return the columns of the grasps of a hand with this many joints."""
    vector = _vector(joints)
    return (
        *KEYS,
        Column('number', pa.int16(), 'of the grasp in its scene, from 0'),
        Column('near_miss', pa.bool_(), 'whether it is a copy of a grasp that held, moved a '
               'little; it has neither measures nor features'),
        Column('parent', pa.int16(), 'number of the grasp that a near miss is a copy of'),
        Column('rank', pa.int16(), 'place among all that the search found, by their '
               'score; null for near misses'),
        Column('choice', pa.int16(), 'place among those that the plan would return; null for '
               'others'),
        Column('start', pa.int16(), 'number of the proposal that it was refined from'),
        Column('contact_pattern', WORDS, 'contact pattern that it was refined with'),
        Column('position', _vector(3), 'palm at the grasp stage'),
        Column('quat_xyzw', _vector(4), 'palm at every stage'),
        Column('joints', vector, 'fingers at the grasp stage'),
        Column('pregrasp_position', _vector(3), 'palm at the pregrasp stage'),
        Column('pregrasp_joints', vector, 'fingers at the pregrasp stage'),
        Column('squeeze_joints', vector, 'fingers at the squeeze stage'),
        Column('approach_direction', _vector(3), 'direction in which the open hand moves to '
               "its pregrasp; for a near miss, its parent's"),
        Column('success_probability', pa.float32(), 'prediction of the success model'),
        *(Column(f'metric_{each.name}', pa.float32(), f'plan.GraspMetrics.{each.name}')
          for each in fields(GraspMetrics)),
        *(Column(f'feature_{each.name}', pa.float32(), f'features.GraspFeatures.{each.name}')
          for each in fields(GraspFeatures)),
        Column('held', pa.bool_(), "verdict of the scene's test on the grasp as planned"),
        Column('reason', WORDS, 'held, or why not'),
        Column('moved', pa.float32(), 'displacement of the object at the time of the verdict'),
        Column('turned', pa.float32(), 'rotation of the object at that time'),
        Column('held_mild', pa.float32(), 'share that holds of perturbed wrists, off by up to '
               '5 mm and 5 degrees per axis, uniformly; null: not judged'),
        Column('held_noise', pa.float32(), 'share that holds of perturbed wrists, Gaussian with '
               '5 mm per coordinate and 5 degrees; null: not judged'),
        Column('held_low_friction', pa.bool_(), 'verdict with friction 0.3; null: not judged'),
        Column('held_heavy', pa.bool_(), "verdict with the scene's heavy_mass; null: not judged"),
    )


SCENE_COLUMNS = (
    *KEYS,
    Column('source', pa.string(), 'source of the object, as the option --objects takes it'),
    Column('digest', pa.string(), 'digest of its mesh'),
    Column('camera', WORDS, "camera of a table's scene"),
    Column('neighbours', PAIRS, 'objects that were to stand beside it, in order'),
    Column('random_seed', pa.int32(), 'seed of the scene and of the plan'),
    Column('heavy_mass', pa.float32(), 'mass of the object behind held_heavy [kg]'),
    Column('test', WORDS, 'test behind held, moved and turned'),
    Column('object_pose', POSE, "pose of the mesh in the judge's frame, 4 x 4 row by row; "
           'null: too little was seen'),
    Column('planner_pose', POSE, "pose of the planner's frame, that of the cloud, in the judge's"),
    Column('table', pa.float32(), "height of the table in the judge's frame; null: none"),
    Column('standing', pa.int16(), 'number of neighbours for which there was a place'),
    Column('error', pa.string(), 'why there is no plan; empty if there is one'),
    Column('refined', pa.int32(), 'candidates that were refined to the end'),
    *(Column(f'rejected_{each.name}', pa.int32(), f'plan.Rejections.{each.name}')
      for each in fields(Rejections)),
    Column('found', pa.int32(), 'candidates that passed the hard filters'),
    Column('seen_fraction', pa.float32(), 'share of the surface near measured points'),
    Column('surface_method', WORDS, 'method that closed the surface'),
    Column('viewpoint', WORDS, 'how the viewpoint is known'),
    Column('hypotheses', SURFACES, 'surfaces that the object may have'),
    Column('warnings', pa.list_(pa.string()), "codes of the plan's warnings"),
    Column('plan_seconds', pa.float32(), 'time of the plan'),
    Column('judge_seconds', pa.float32(), 'time of the judge'),
    Column('release', pa.string(), 'version of the package'),
    Column('commit', pa.string(), 'commit of its code'),
)


def grasp_schema(hand: HandDescription) -> pa.Schema:
    """Return the schema of the grasps of a hand."""
    return _schema(grasp_columns(len(hand.joint_names)), hand)


def scene_schema(hand: HandDescription) -> pa.Schema:
    """Return the schema of the scenes."""
    return _schema(SCENE_COLUMNS, hand)


def to_table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    """
    Return a table of a schema.

    :param columns: by name, an array or the values of each; those left out are null
    """
    count = max(len(each) for each in columns.values())  # type: ignore[arg-type]
    arrays = []
    for field in schema:
        values = columns.get(field.name, [None] * count)
        if isinstance(field.type, pa.DictionaryType):
            values = pa.array(values, field.type.value_type)
        arrays.append(
            values.cast(field.type) if isinstance(values, pa.Array)
            else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _schema(columns: tuple[Column, ...], hand: HandDescription) -> pa.Schema:
    schema = with_format(pa.schema([(each.name, each.kind) for each in columns]), hand)
    metadata = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    return schema.with_metadata({**metadata, 'format': FORMAT, 'version': str(VERSION)})
