"""``dexlite evaluate``: plan on many objects, judge every grasp, write one report."""

from __future__ import annotations

import argparse
from datetime import datetime, UTC
import json
from pathlib import Path
import platform
import re
import shlex

import torch

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.offline.evaluation.cells import Cell, evaluate_cell
from dexlite_ros.offline.evaluation.contact_sheet import write_contact_sheet
from dexlite_ros.offline.evaluation.figures import ALL, read_cell
from dexlite_ros.offline.evaluation.report import markdown, write_report
from dexlite_ros.offline.objects.builtin_objects import write_builtin_objects
from dexlite_ros.offline.objects.measured_cloud import Setup
from dexlite_ros.offline.objects.mesh_folder import list_objects, ObjectFile
from dexlite_ros.offline.physics.judge import find_test, TESTS
from dexlite_ros.offline.planner_choice import PlannerChoice, PRESETS
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import make_proposer, METHODS
from dexlite_ros.ranking.success_model import SuccessModel

BUILTIN = 'builtin'


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite evaluate``."""
    parser = argparse.ArgumentParser(
        prog='dexlite evaluate', description='Plan on clouds of known objects, judge all grasps '
        'in MuJoCo, and write report.md, report.json, report.png and contact_sheet.png. '
        'Interrupted, it goes on where it stopped when called again.')
    parser.add_argument('--objects', default=BUILTIN,
                        help="folder of meshes or with a manifest.csv; 'builtin': six shapes")
    parser.add_argument('--split', help='of the manifest, such as dev')
    parser.add_argument('--tier', help='of the manifest, such as core')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='these objects')
    parser.add_argument('--limit', type=int, help='the first so many objects')
    parser.add_argument('--scales', nargs='+', type=float, default=[1.0], metavar='S',
                        help='factors from the meshes to metres (1)')
    parser.add_argument('--planner', default='default',
                        help=f'{", ".join(PRESETS)}, or a folder that dexlite import wrote, '
                        'whose grasps are judged instead')
    parser.add_argument('--method', choices=METHODS,
                        help="where candidates come from (the planner's own)")
    parser.add_argument('--weights', default='',
                        help='of the network (those that come with the package)')
    parser.add_argument('--temperature', type=float, default=TEMPERATURE,
                        help="standard deviation of the network's latent codes "
                        f'({TEMPERATURE:g}; 1 is what it was trained with)')
    parser.add_argument('--unranked', type=int, metavar='STEPS',
                        help='judge all of --max-grasps proposals after so many steps of '
                        'refinement, none filtered')
    parser.add_argument('--views', choices=('full', 'single'), default='full',
                        help='clouds from all sides, or from one camera above a table (full)')
    parser.add_argument('--no-table', action='store_true',
                        help='one camera: do not tell the planner of the table; the object floats')
    parser.add_argument('--points', type=int, default=2048, help='of a full cloud (2048)')
    parser.add_argument('--noise', type=float,
                        help='of each coordinate, or along the rays of the camera [m] '
                        '(full: 0, single: 0.001)')
    parser.add_argument('--seeds', type=int, default=1, help='plans per object (1)')
    parser.add_argument('--max-grasps', type=int,
                        help='grasps per plan, best first (20; all of imported ones)')
    parser.add_argument('--tests', nargs='+', choices=list(TESTS), metavar='TEST',
                        default=['six-forces', 'lift', 'noise'],
                        help=f'{", ".join(TESTS)} (six-forces lift noise)')
    parser.add_argument('--workers', type=int, default=0, help='processes (0: one per CPU)')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (auto)')
    parser.add_argument('--output', type=Path, required=True, help='folder for the results')
    parser.add_argument('--json', action='store_true', help='print JSON, not the tables')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite evaluate``."""
    args = parser().parse_args(argv)
    if args.max_grasps is None:
        args.max_grasps = 20 if args.planner in PRESETS else ALL
    _check_planner(args)
    if args.max_grasps < 1 or args.seeds < 1:
        raise InvalidRequest('max-grasps and seeds', (args.max_grasps, args.seeds), '1 or more')
    cells = _cells(args)
    _check_question(args)
    missing = [cell for cell in cells if not cell.result.exists()]
    for _ in run_tasks(evaluate_cell, missing, workers=args.workers, unit='plan'):
        pass
    found = [(cell, read_cell(cell.result)) for cell in cells]
    pairs = [(cell, content) for cell, content in found if content['usable']]
    contents = [content for _, content in pairs]
    if not pairs:
        raise InvalidRequest('objects', str(args.objects), f'meshes; {found[0][1]["error"]}')
    provenance = {
        'command': shlex.join(['dexlite', 'evaluate', *argv]),
        'release': f'{__version__}, commit ' + ', '.join(sorted({c['commit'] for c in contents})),
        'machine': f'{_processor()}, {args.workers or "all"} workers',
        'date': f'{datetime.now(UTC):%Y-%m-%d}',
    }
    for cell, content in found:
        if not content['usable']:
            provenance[f'left out: {cell.name}'] = content['error']
    figures = write_report(args.output, contents, args.tests, provenance, _planner(args))
    sheet = write_contact_sheet(
        args.output / 'contact_sheet.png', pairs, args.tests[0])
    print(json.dumps(figures, allow_nan=False) if args.json else markdown(figures))
    if not args.json:
        print(f'report: {args.output / "report.md"}' + (f', pictures: {sheet}' if sheet else ''))
    return 0


def _check_planner(args: argparse.Namespace) -> None:
    """Refuse options that would do nothing."""
    given = args.method or args.weights or args.unranked is not None
    if given and args.planner != 'default':
        raise InvalidRequest(
            'planner', args.planner, "'default', for --method, --weights and --unranked are its")
    if args.weights and args.method == 'optimise':
        raise InvalidRequest('weights', args.weights, "a method other than 'optimise'")
    if args.unranked is not None and args.unranked < 0:
        raise InvalidRequest('unranked', args.unranked, '0 steps or more')
    if args.unranked is not None and args.views == 'single' and not args.no_table:
        raise InvalidRequest(
            'unranked', args.unranked, '--no-table: beside a table not all proposals are kept')


def _cells(args: argparse.Namespace) -> list[Cell]:
    """Return what is to be planned and judged."""
    folder = args.output / 'cells'
    noise = args.noise if args.noise is not None else 0.001 * (args.views == 'single')
    cells = []
    for target, scale, planner in _targets(args):
        for seed in range(args.seeds):
            setup = Setup(args.views, args.points, noise, not args.no_table, seed)
            cells.append(Cell(
                target, scale, setup, planner, args.max_grasps, tuple(args.tests), args.device,
                folder))
    return cells


def _targets(
    args: argparse.Namespace
) -> list[tuple[ObjectFile, float, PlannerChoice | Path]]:
    """Return objects, scales, and how to come by grasps."""
    builtin = args.objects == BUILTIN
    folder = write_builtin_objects(args.output / 'objects') if builtin else args.objects
    objects = list_objects(folder, args.split, args.tier)
    if args.only:
        objects = [each for each in objects if each.name in args.only]
    objects = objects[:args.limit]
    if not objects:
        raise InvalidRequest('objects', str(args.objects), 'a folder with the wanted objects')
    if args.planner in PRESETS:
        return [(each, scale, _choice(args)) for each in objects for scale in args.scales]
    imported = Path(args.planner)
    if not imported.is_dir():
        raise InvalidRequest(
            'planner', args.planner, f'{", ".join(PRESETS)} or a folder of plan files')
    found = []
    for each in objects:
        for path in sorted((imported / each.name).glob('scale_*.json')):
            scale = re.fullmatch(r'scale_([0-9.]+)\.json', path.name)
            if scale:
                found.append((each, float(scale[1]), path))
    if not found:
        raise InvalidRequest(
            'planner', args.planner, 'a folder with OBJECT/scale_S.json of these objects')
    return found


def _check_question(args: argparse.Namespace) -> None:
    """Refuse a folder whose cells were asked for with other settings."""
    asked = {
        name: value for name, value in vars(args).items()
        if name not in ('output', 'workers', 'json', 'limit', 'only', 'seeds', 'scales')}
    model = SuccessModel.read()
    key = fingerprint(
        __version__, sorted(asked.items(), key=lambda item: item[0]),
        [(name, find_test(name).key()) for name in args.tests],
        *_planner_key(args),
        sorted(model.weights.items()), model.bias)
    path = args.output / 'cells' / 'question.json'
    if not path.exists():
        write_json(path, {'question': key, 'asked': repr(asked)})
    elif json.loads(path.read_text())['question'] != key:
        raise InvalidRequest(
            'output', str(args.output),
            'a new folder: what is in it was made with other settings or another release')


def _choice(args: argparse.Namespace) -> PlannerChoice:
    return PlannerChoice(
        args.planner, args.method, args.weights, args.temperature, args.unranked)


def _planner_key(args: argparse.Namespace) -> list[object]:
    """Return what decides which grasps are judged."""
    if args.planner not in PRESETS:
        return [args.planner]
    return [_choice(args).settings(args.max_grasps), _planner(args)['model']]


def _planner(args: argparse.Namespace) -> dict[str, object]:
    """Return what plans, as the report names it."""
    if args.planner not in PRESETS:
        return {'imported': Path(args.planner).name}
    settings = _choice(args).settings(args.max_grasps)
    kinematics = HandKinematics(HANDS['shadow_right'])
    proposer = make_proposer(
        settings.method, settings.weights, kinematics, torch.device('cpu'))
    return {'preset': args.planner, 'method': settings.method, 'model': proposer.model_id,
            'temperature': args.temperature, 'steps': args.unranked}


def _processor() -> str:
    """Return a name of the processor."""
    try:
        text = Path('/proc/cpuinfo').read_text()
    except OSError:
        text = ''
    name = re.search(r'model name\s*: (.+)', text)
    return name[1] if name else platform.processor() or platform.machine()
