# SPDX-License-Identifier: Apache-2.0
"""
Log of the generation of a dataset: one line of JSON per task, in ``log.jsonl``.

Grasps are stored elsewhere; a truncated log loses only one line of figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import json
from pathlib import Path
import time
from typing import Any

import numpy as np


@dataclass
class Tally:
    """Counts of a run so far."""

    proposed: int = 0
    refined: int = 0
    rejected: int = 0
    judged: int = 0
    held: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    """Grasps that passed, by test."""
    writing_seconds: float = 0.0
    """Time this process spent writing; workers do not wait for it."""
    started: float = field(default_factory=time.monotonic)

    def add(self, figures: dict[str, Any]) -> str:
        """Add the figures of a task and return one line for the progress bar."""
        for name in ('proposed', 'refined', 'judged', 'held'):
            setattr(self, name, getattr(self, name) + figures.get(name, 0))
        self.rejected += sum(figures.get('rejected', {}).values())
        for test, reasons in figures.get('verdicts', {}).items():
            self.passed[test] += reasons.get('held', 0)
        shares = {'filters': 1 - self.rejected / max(self.refined, 1)} | {
            test: count / max(self.judged, 1) for test, count in self.passed.items()}
        return f'{self.judged} judged, {self.per_hour()["judged"]:.0f}/h, passed ' + ', '.join(
            f'{name} {share:.0%}' for name, share in shares.items())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Add the duration of the block to the writing time."""
        begun = time.monotonic()
        yield
        self.writing_seconds += time.monotonic() - begun

    def per_hour(self) -> dict[str, float]:
        """Return how many candidates were proposed, judged, and held per hour."""
        hours = max(time.monotonic() - self.started, 1e-9) / 3600
        return {name: getattr(self, name) / hours for name in ('proposed', 'judged', 'held')}


def append(path: Path, figures: dict[str, Any]) -> None:
    """Add the figures of one task."""
    with path.open('a+b') as stream:
        if stream.tell():
            stream.seek(-1, 2)
            if stream.read() != b'\n':
                stream.write(b'\n')  # A crash truncated the previous line.
        stream.write((json.dumps(figures, allow_nan=False) + '\n').encode())


def read(path: Path) -> list[dict[str, Any]]:
    """Return the figures of all tasks; lines truncated by a crash are skipped."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # Truncated by a crash.
    return rows


def summary(rows: list[dict[str, Any]]) -> str:
    """Return a human-readable summary of a log."""
    latest = {(row['object'], row['scale'], row['mode'], row['seed']): row for row in rows}
    done = [row for row in latest.values() if 'error' not in row]
    left_out = list(dict.fromkeys(
        f'left out: {row["object"]}: {row["error"]}' for row in latest.values()
        if 'error' in row))
    return '\n'.join([*(_lines(done) if done else ['nothing was generated']), *left_out])


def _lines(done: list[dict[str, Any]]) -> list[str]:
    """Return the summary lines of completed tasks."""
    total = {
        name: sum(row[name] for row in done)
        for name in ('proposed', 'refined', 'judged', 'held', 'propose_seconds', 'judge_seconds')}
    rejected: Counter[str] = Counter()
    verdicts: dict[str, Counter[str]] = {}
    seconds: Counter[str] = Counter()
    for row in done:
        rejected.update(row['rejected'])
        seconds.update({
            name: value for name, value in row.get('seconds', {}).items() if name != 'total'})
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
        f'worker seconds: proposing {total["propose_seconds"]:.0f} ('
        + ', '.join(f'{name} {value:.0f}' for name, value in seconds.items())
        + f'), judging {total["judge_seconds"]:.0f}; the '
        + ('judge' if total['judge_seconds'] > total['propose_seconds'] else 'planner')
        + ' is the bottleneck',
        'fewest held: ' + ', '.join(f'{name} {share:.0%}' for name, share in shares[:5]),
    ]
    if spread:
        lines.append(
            'diversity (variance in five components, lower is more varied): '
            f'{np.mean(spread):.2f} on average')
    return lines


def _by_object(rows: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """Return each object with the fraction of its grasps that held, smallest first."""
    judged: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for row in rows:
        judged[row['object']] += row['judged']
        held[row['object']] += row['held']
    shares = [(name, held[name] / max(judged[name], 1)) for name in judged]
    return sorted(shares, key=lambda each: (each[1], each[0]))
