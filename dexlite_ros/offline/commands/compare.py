"""``dexlite compare``: evaluations in one table, and success against steps as a picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.files import replaced


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite compare``."""
    parser = argparse.ArgumentParser(
        prog='dexlite compare', description='Put the reports of dexlite evaluate side by side: '
        'one row per folder, named after it, in the order given.')
    parser.add_argument('evaluations', nargs='+', type=Path, help='folders with a report.json')
    parser.add_argument('--output', type=Path, help='write the table here as Markdown')
    parser.add_argument('--picture', type=Path,
                        help='write a PNG of success and energy against steps of refinement, of '
                        'the evaluations with --unranked')
    parser.add_argument('--json', action='store_true', help='print JSON, not the table')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite compare``."""
    args = parser().parse_args(argv)
    names = [folder.resolve().name for folder in args.evaluations]
    if len(set(names)) < len(names):
        raise InvalidRequest(
            'evaluations', names, 'folders of different names, which the rows are called')
    reports = {
        name: _read(folder / 'report.json') for name, folder in zip(names, args.evaluations)}
    rows = {name: _row(report) for name, report in reports.items()}
    table = markdown(rows)
    print(json.dumps(rows) if args.json else table)
    if args.output:
        commands = '\n'.join(f'    {each["provenance"]["command"]}' for each in reports.values())
        with replaced(args.output) as temporary:
            temporary.write_text(f'{table}\n\n{commands}\n')
    if args.picture:
        _draw(reports, rows, args.picture)
    return 0


def _read(path: Path) -> dict:
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise FileError(path, str(error)) from error
    if not isinstance(report, dict) or 'planner' not in report:
        raise FileError(path, "it is no report of this release's dexlite evaluate; repeat it")
    return report


def _row(report: dict) -> dict[str, float | int | None]:
    """Return the figures that are compared."""
    shares = {
        f'{test}, {best} [%]': 100 * row[best]['mean']
        for test, row in report['success'].items() for best in ('best 1', 'best 5', 'all')}
    penetration, apart = report['penetration'], report['palm_distance']
    return {
        'objects': report['objects'],
        'grasps': report['grasps'],
        **shares,
        'energy': report['energy'],
        'penetration [mm]': None if penetration is None else 1e3 * penetration,
        'palms apart [mm]': None if apart is None else 1e3 * apart,
        'palms apart [rad]': report['palm_angle'],
        'joints apart [rad]': report['joint_distance'],
        'time to plan [s]': report['seconds'],
    }


def markdown(rows: dict[str, dict]) -> str:
    """Return a table of rows with the same figures; where one lacks a figure there is a dash."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = ['| evaluation | ' + ' | '.join(names) + ' |', '|---' * (len(names) + 1) + '|']
    for name, row in rows.items():
        values = (_text(row.get(each)) for each in names)
        lines.append(f'| {name} | ' + ' | '.join(values) + ' |')
    return '\n'.join(lines)


def _text(value: float | int | None) -> str:
    if value is None:
        return '-'
    if isinstance(value, int):
        return str(value)
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.2f}'


def _draw(reports: dict[str, dict], rows: dict[str, dict], path: Path) -> None:
    """Draw one panel per test, and one of the energy, with a line for each method."""
    from matplotlib.figure import Figure

    figures = list(dict.fromkeys(
        name for row in rows.values() for name in row if name.endswith(', all [%]')))
    figures.append('energy')
    lines: dict[tuple, list[tuple[int, dict]]] = {}
    for name, report in reports.items():
        planner = report['planner']
        if planner.get('steps') is not None:
            key = planner['method'], planner['model'], planner.get('temperature')
            lines.setdefault(key, []).append((planner['steps'], rows[name]))
    if not lines:
        raise InvalidRequest('picture', str(path), 'evaluations made with --unranked')
    figure = Figure(figsize=(4.2 * len(figures), 3.6), layout='constrained')
    for panel, name in zip(figure.subplots(1, len(figures), squeeze=False)[0], figures):
        for (method, model, temperature), points in lines.items():
            known = sorted(
                (steps, row[name]) for steps, row in points if row.get(name) is not None)
            label = model if method == 'optimise' else f'{model}, temperature {temperature:g}'
            panel.plot(*zip(*known), 'o-', label=label)
        panel.set(title=name, xlabel='steps of refinement')
        if name == 'energy':
            panel.set_yscale('log')
        panel.legend(fontsize=7)
        panel.grid(alpha=0.3)
    with replaced(path) as temporary:
        figure.savefig(temporary, format='png', dpi=110)
