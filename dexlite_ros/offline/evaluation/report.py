# SPDX-License-Identifier: Apache-2.0
"""Write the report of an evaluation: JSON, Markdown and a plot."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dexlite_ros.files import plain, replaced, write_json
from dexlite_ros.offline.evaluation.figures import (
    ALL,
    any_passed,
    by_object,
    by_pattern,
    Calibration,
    calibration,
    Content,
    disagreement,
    LENGTHS,
    mean_of_cells,
    mean_of_grasps,
    median_of_grasps,
    PREDICTED,
    QUICK,
    rate,
    reasons,
    share,
    success,
)

SPREAD = ('palm_distance', 'palm_angle', 'joint_distance')
"""Mean distance between two grasps of a plan [m, rad, rad]."""
BEST = (1, 5, 10, ALL)
"""Numbers of best grasps, one per column."""
ANY = {'any of 5': 5, 'any': ALL}
"""Numbers of best grasps of which one is enough, by column."""


def summary(cells: list[Content], tests: list[str]) -> dict[str, Any]:
    """Return all figures of an evaluation as plain data."""
    figures: dict[str, Any] = {
        'cells': len(cells),
        'objects': len({cell['object'] for cell in cells}),
        'grasps': sum(len(cell['grasps']) for cell in cells),
        'success': {
            test: {_best(best): vars(success(cells, test, best)) for best in BEST} | {
                name: vars(share(list(by_object(
                    cells, partial(any_passed, test=test, best=best)).values())))
                for name, best in ANY.items()}
            for test in tests},
        'failures': {test: dict(reasons(cells, test).most_common()) for test in tests},
        'by_pattern': by_pattern(cells, tests[0]),
        'quick_tests': {
            test: disagreement(cells, test) for test in tests if QUICK.get(test) in tests},
        'without_grasps': dict(Counter(
            f'{cell["object"]}: {cell["error"]}' for cell in cells if not cell['grasps'])),
        **{name: mean_of_grasps(cells, name) for name in (*LENGTHS, 'links_in_contact')},
        'energy': median_of_grasps(cells, 'energy'),
        **{name: mean_of_cells(cells, name) for name in ('diversity', *SPREAD, 'seconds')},
        'illegal': {
            name: sum(len(cell['grasps']) - cell['plan'].get(name, len(cell['grasps']))
                      for cell in cells) for name in ('within_limits', 'coupled', 'clear')},
        'by_object': {
            test: {_best(best): by_object(cells, partial(rate, test=test, best=best))
                   for best in BEST}
            for test in tests},
    }
    judged = _calibration(cells, tests)
    if judged is not None:
        figures['calibration'] = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(judged).items()}
    return plain(figures)


def _calibration(cells: list[Content], tests: list[str]) -> Calibration | None:
    """Return the calibration in the first test made that probabilities are compared with."""
    judged = [test for test in PREDICTED if test in tests]
    return calibration(cells, judged[0]) if judged else None


def write_report(
    folder: Path,
    cells: list[Content],
    tests: list[str],
    provenance: dict[str, str],
    planner: dict[str, object],
) -> dict[str, Any]:
    """
    Write report.json, report.md and report.png into a folder and return the figures.

    :param provenance: command, machine and versions, by name
    :param planner: description of the planner, as plain data
    """
    figures = {'provenance': provenance, 'planner': planner, **summary(cells, tests)}
    write_json(folder / 'report.json', figures)
    with replaced(folder / 'report.md') as temporary:
        temporary.write_text(markdown(figures))
    _plot(folder / 'report.png', cells, tests)
    return figures


def markdown(figures: dict[str, Any]) -> str:
    """Return the figures as a page with tables."""
    lines = [f'- {name}: {value}' for name, value in figures['provenance'].items()]
    lines += [
        '', f'{figures["objects"]} objects, {figures["cells"]} plans, {figures["grasps"]} grasps; '
        'shares are means over objects with 95 % intervals by bootstrap over objects.', '',
        '| test | ' + ' | '.join([*map(_best, BEST), *ANY]) + ' | fails by |',
        '|---' * (len(BEST) + len(ANY) + 2) + '|']
    for test, row in figures['success'].items():
        why = ', '.join(f'{name} {count}' for name, count in figures['failures'][test].items())
        shares = ' | '.join(
            f'{100 * each["mean"]:.1f} % [{100 * each["low"]:.0f}, {100 * each["high"]:.0f}]'
            for each in row.values())
        lines.append(f'| {test} | {shares} | {why} |')
    lines += ['', '| what | mean |', '|---|---|']
    lines += [f'| {name.replace("_", " ")} | {1e3 * figures[name]:.2f} mm |'
              for name in LENGTHS if figures[name] is not None]
    lines.append(f'| links in contact | {_number(figures["links_in_contact"], ".1f")} |')
    lines.append(f'| energy (median) | {_number(figures["energy"], ".3f")} |')
    lines.append('| variance in five principal components (less is more diverse) | '
                 f'{_number(figures["diversity"], ".1%")} |')
    lines.append('| two grasps of a plan are apart: palms, joints | ' + ', '.join(
        f'{_number(figures[name], pattern)} {unit}' for name, pattern, unit in zip(
            SPREAD, ('.3f', '.2f', '.2f'), ('m', 'rad', 'rad'))) + ' |')
    lines.append(f'| time to plan | {_number(figures["seconds"], ".2f")} s |')
    broken = ', '.join(f'{name} {count}' for name, count in figures['illegal'].items())
    lines.append(f'| grasps that break: {broken.replace("_", " ")} | '
                 f'{sum(figures["illegal"].values())} |')
    lines += [
        f'| {name}: returned, held in {next(iter(figures["success"]))} | '
        f'{row["returned"]}, {row["held"]} |' for name, row in figures['by_pattern'].items()]
    lines += [
        f'| {test} against {QUICK[test]}: pass only the quick test, only the full one | '
        f'{row["only_quick"]}, {row["only_full"]} of {row["grasps"]} |'
        for test, row in figures['quick_tests'].items()]
    if 'calibration' in figures:
        judged = figures['calibration']
        lines.append(f'| calibration error (ECE) / Brier score of the predicted probability | '
                     f'{judged["error"]:.3f} / {judged["brier"]:.3f} |')
    lines += [f'| plans without a grasp: {reason} | {count} |'
              for reason, count in figures['without_grasps'].items()]
    lines += ['', *_object_table(figures)]
    return '\n'.join(lines) + '\n'


def _object_table(figures: dict[str, Any]) -> list[str]:
    """Return one row per object: success of best 1, best 5 and all, for each test [%]."""
    columns = [
        (test, best) for test in figures['by_object'] for best in ('best 1', 'best 5', 'all')]
    lines = [
        '| object | ' + ' | '.join(f'{test} {best}' for test, best in columns) + ' |',
        '|---' * (len(columns) + 1) + '|']
    first = next(iter(figures['by_object'].values()))
    for name in first['all']:
        values = (figures['by_object'][test][best][name] for test, best in columns)
        lines.append(f'| {name} | ' + ' | '.join(f'{100 * value:.0f}' for value in values) + ' |')
    return lines


def _plot(path: Path, cells: list[Content], tests: list[str]) -> None:
    """Draw success against rank, the reliability of the prediction, and success by object."""
    from matplotlib.figure import Figure  # Slow to import.

    figure = Figure(figsize=(13, 4.2), layout='constrained')
    left, middle, right = figure.subplots(1, 3)
    most = max((len(cell['grasps']) for cell in cells), default=0)
    ranks = np.arange(1, max(most, 1) + 1)
    for test in tests:
        shares = [success(cells, test, int(best)) for best in ranks]
        (line,) = left.plot(ranks, [100 * each.mean for each in shares], label=test)
        left.fill_between(
            ranks, [100 * each.low for each in shares], [100 * each.high for each in shares],
            color=line.get_color(), alpha=0.15)
    left.set(xlabel='best k grasps', ylabel='hold [%]', ylim=(0, 102),
             title='Success of the best k')
    left.legend(loc='lower left')
    _plot_reliability(middle, _calibration(cells, tests))
    rates = sorted(by_object(cells, lambda cell: rate(cell, tests[0], ALL)).values())
    right.bar(range(len(rates)), [100 * rate for rate in rates], width=1.0)
    right.set(xlabel='objects, worst first', ylabel='hold [%]', ylim=(0, 102),
              title=f'{tests[0]}, all grasps of an object')
    with replaced(path) as temporary:
        figure.savefig(temporary, format='png', dpi=100)


def _plot_reliability(axes: Any, judged: Calibration | None) -> None:
    axes.plot([0, 1], [0, 1], color='0.7')
    axes.set(xlabel='predicted probability', ylabel='share that holds', xlim=(0, 1), ylim=(0, 1),
             title='No probability was predicted')
    if judged is not None:
        axes.plot(judged.predicted, judged.happened, 'o-')
        axes.bar(np.linspace(0.05, 0.95, len(judged.count)), judged.count / judged.count.sum(),
                 width=0.1, color='C0', alpha=0.15)
        axes.set(title=f'Reliability: ECE {judged.error:.3f}, Brier {judged.brier:.3f}')


def _best(best: int) -> str:
    return 'all' if best == ALL else f'best {best}'


def _number(value: float | None, pattern: str) -> str:
    return '-' if value is None else format(value, pattern)
