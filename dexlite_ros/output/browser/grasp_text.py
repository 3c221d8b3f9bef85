# SPDX-License-Identifier: Apache-2.0
"""What the panel says of a plan and of one grasp, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from dexlite_ros.output.browser.viewed_plan import GraspFacts, ViewedPlan
from dexlite_ros.output.grasp_table import rank_label

MILLIMETRES = {
    'penetration', 'self_penetration', 'clearance', 'pregrasp_clearance', 'support_clearance',
    'approach_clearance'}
"""Measures in metres, which people read in millimetres."""
UNITS = {'joint_limit_margin': 'rad'}


def grasp_label(facts: GraspFacts, rank: int) -> str:
    """Return a grasp's line in the list, such as ``#0  score 0.97  tips``."""
    score = '' if facts.score is None else f'score {facts.score:.2f}  '
    return rank_label(rank, f'{score}{facts.contact_pattern}').strip()


def grasp_text(facts: GraspFacts, rank: int, count: int) -> str:
    """Return rank, score, pattern and direction of one of ``count`` grasps."""
    lines = [f'**#{rank}** of {count} grasps; #0 is the best']
    if facts.score is not None:
        lines.append(f'score **{facts.score:.3f}**')
    if facts.success_probability is not None:
        lines.append(f'probability to hold **{100 * facts.success_probability:.0f} %**')
    if facts.contact_pattern:
        lines.append(f'contact pattern {facts.contact_pattern}')
    if facts.approach_direction is not None:
        x, y, z = facts.approach_direction.round(2) + 0.0  # no -0.00
        lines.append(f'approach along ({x:.2f}, {y:.2f}, {z:.2f})')
    return '\n'.join(f'- {line}' for line in lines)


def numbers_text(facts: GraspFacts) -> str:
    """Return the contacts and the measures of a grasp."""
    contacts = _table(('contact', 'force', 'place ±'), (
        (each.link, f'{float((each.force @ each.force) ** 0.5):.1f} N',
         f'{1e3 * each.spread:.1f} mm') for each in facts.contacts))
    measures = _table(('measure', 'value'), (
        (name.replace('_', ' '), _measure(name, value)) for name, value in facts.energies.items()))
    return '\n\n'.join([*contacts, *measures]) or 'the file has none'


def head_text(plan: ViewedPlan, source: str) -> str:
    """Return where a plan comes from, its frame, and the warnings of its report."""
    warnings = (f'⚠ {warning}' for warning in plan.warnings)
    return '\n\n'.join([f'**{source}**, frame {plan.frame}', *warnings])


def report_text(plan: ViewedPlan) -> str:
    """Return what the report says of a plan as a whole."""
    return '\n'.join(f'- {remark}' for remark in plan.remarks) or 'the file has none'


def surface_label(method: str, weight: float | None) -> str:
    """Return a surface's line in the list, such as ``box, 62 %``."""
    return method if weight is None else f'{method}, {100 * weight:.0f} %'


def _measure(name: str, value: float | None) -> str:
    if value is None:
        return '–'
    if name in MILLIMETRES:
        return f'{1e3 * value:.1f} mm'
    return f'{value:.3g} {UNITS.get(name, "")}'.strip()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table, or nothing without rows."""
    lines = [' | '.join(row) for row in rows]
    if not lines:
        return []
    return ['\n'.join(
        f'| {line} |' for line in [' | '.join(head), ' | '.join('---' for _ in head), *lines])]
