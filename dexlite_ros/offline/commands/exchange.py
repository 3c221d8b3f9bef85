"""``dexlite import`` and ``dexlite export``: plan files from and to the formats of others."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.formats import dexgraspbench, dexgraspnet
from dexlite_ros.output.plan_file import read_grasps, write_grasps

FORMATS = {'dexgraspbench': dexgraspbench, 'dexgraspnet': dexgraspnet}


def import_main(argv: list[str]) -> int:
    """Run ``dexlite import``."""
    parser = argparse.ArgumentParser(
        prog='dexlite import', description='Read grasps of other projects and write plan files, '
        'one for each object and scale: OUTPUT/OBJECT/scale_S.json.')
    parser.add_argument('source', help='a .npy file, or a folder of them')
    parser.add_argument('--format', required=True, choices=sorted(FORMATS))
    parser.add_argument('--output', required=True, type=Path, help='folder for the plan files')
    args = parser.parse_args(argv)
    for grasp_set in FORMATS[args.format].read(args.source):
        path = args.output / grasp_set.name / f'scale_{grasp_set.scale:g}.json'
        print(f'{len(grasp_set.grasps):5d} grasps: {write_grasps(grasp_set, path)}')
    return 0


def export_main(argv: list[str]) -> int:
    """Run ``dexlite export``."""
    parser = argparse.ArgumentParser(
        prog='dexlite export', description='Write the grasps of a plan file for other projects. '
        'DexGraspBench: OUTPUT/OBJECT/scale<100 S>_pose000/<rank>.npy. DexGraspNet: '
        'OUTPUT/OBJECT.npy, the grasp stage only.')
    parser.add_argument('grasps', nargs='+', help='plan files (JSON) of one object')
    parser.add_argument('--format', required=True, choices=sorted(FORMATS))
    parser.add_argument('--output', required=True, type=Path, help='folder to write to')
    parser.add_argument('--object', dest='name',
                        help='name of the object there (as the plan file says)')
    parser.add_argument('--scale', type=float,
                        help='factor from its mesh to metres (as the plan file says, or 1)')
    args = parser.parse_args(argv)
    sets = []
    for path in args.grasps:
        grasp_set = read_grasps(path)
        grasp_set = replace(
            grasp_set, name=args.name or grasp_set.name, scale=args.scale or grasp_set.scale)
        if not grasp_set.name:
            raise InvalidRequest('object', '', f'a name: {path} does not say which object it is')
        sets.append(grasp_set)
    if args.format == 'dexgraspbench':
        paths = [path for each in sets for path in dexgraspbench.write(each, args.output)]
    else:
        names = {each.name for each in sets}
        if len(names) > 1:
            raise InvalidRequest('grasps', sorted(names), 'plan files of one object')
        paths = [dexgraspnet.write(sets, args.output / f'{sets[0].name}.npy')]
    print(f'{sum(len(each.grasps) for each in sets)} grasps in {len(paths)} files below '
          f'{args.output}')
    return 0
