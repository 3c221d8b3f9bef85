"""
What happened while a dataset was made: one line of JSON per task, in ``log.jsonl``.

The grasps are what counts and are kept elsewhere; a log that was cut off loses a line of figures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
import json
from pathlib import Path
import time

import numpy as np


@dataclass
class Tally:
    """Counts of a run so far."""

    proposed: int = 0
    judged: int = 0
    held: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, figures: dict) -> str:
        """Take in the figures of a task and return one line for the progress bar."""
        self.proposed += figures.get('proposed', 0)
        self.judged += figures.get('judged', 0)
        self.held += figures.get('held', 0)
        share = self.held / max(self.judged, 1)
        return f'{self.judged} judged, {share:.0%} held, {self.per_hour()["judged"]:.0f}/h'

    def per_hour(self) -> dict[str, float]:
        """Return how many candidates were proposed, judged, and held per hour."""
        hours = max(time.monotonic() - self.started, 1e-9) / 3600
        return {name: getattr(self, name) / hours for name in ('proposed', 'judged', 'held')}


def append(path: Path, figures: dict) -> None:
    """Add the figures of one task."""
    with path.open('a') as stream:
        stream.write(json.dumps(figures, allow_nan=False) + '\n')


def read(path: Path) -> list[dict]:
    """Return the figures of all tasks; a last line that a crash cut off does not count."""
    if not path.exists():
        return []
    *lines, last = path.read_text().split('\n')
    del last  # Empty, or cut off before its end.
    return [json.loads(line) for line in lines if line.endswith('}')]


def summary(rows: list[dict]) -> str:
    """Return a log as a few lines to read."""
    done = [row for row in rows if 'error' not in row]
    if not done:
        return 'nothing was generated'
    total = {
        name: sum(row[name] for row in done)
        for name in ('proposed', 'refined', 'judged', 'held', 'propose_seconds', 'judge_seconds')}
    rejected, verdicts = Counter(), {}
    for row in done:
        rejected.update(row['rejected'])
        for test, reasons in row['verdicts'].items():
            verdicts.setdefault(test, Counter()).update(reasons)
    shares = _by_object(done)
    spread = [row['diversity'] for row in done if row['diversity'] is not None]
    lines = [
        f'{len(done)} tasks on {len(shares)} objects: {total["proposed"]} candidates, '
        f'{total["refined"]} refined, {total["judged"]} judged, {total["held"]} held '
        f'({total["held"] / max(total["judged"], 1):.1%})',
        'filters rejected: ' + (', '.join(
            f'{name} {count}' for name, count in rejected.most_common() if count) or 'none'),
        *(f'{test}: ' + ', '.join(f'{reason} {count}' for reason, count in row.most_common())
          for test, row in verdicts.items()),
        f'worker seconds: proposing {total["propose_seconds"]:.0f}, '
        f'judging {total["judge_seconds"]:.0f}; the '
        + ('judge' if total['judge_seconds'] > total['propose_seconds'] else 'planner')
        + ' is the bottleneck',
        'fewest held: ' + ', '.join(f'{name} {share:.0%}' for name, share in shares[:5]),
    ]
    if spread:
        lines.append(
            'diversity (variance in five components, lower is more varied): '
            f'{np.mean(spread):.2f} on average')
    for row in rows:
        if 'error' in row:
            lines.append(f'left out: {row["object"]}: {row["error"]}')
    return '\n'.join(dict.fromkeys(lines))


def _by_object(rows: list[dict]) -> list[tuple[str, float]]:
    """Return each object with the share of its grasps that held, the smallest first."""
    judged, held = Counter(), Counter()
    for row in rows:
        judged[row['object']] += row['judged']
        held[row['object']] += row['held']
    shares = [(name, held[name] / max(judged[name], 1)) for name in judged]
    return sorted(shares, key=lambda each: (each[1], each[0]))
