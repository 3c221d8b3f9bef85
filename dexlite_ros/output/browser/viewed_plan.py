# SPDX-License-Identifier: Apache-2.0
"""
What the browser shows of a plan, whether it comes from a file or from a node.

K is the number of grasps, best first. Everything is in the frame of the grasps, in SI units.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import FileError
from dexlite_ros.files import read_json
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.output import pair_file, plan_file
from dexlite_ros.output.plan_geometry import geometry_from_dict, PlanGeometry

Up = Literal['+z', '-y', '+y', '+x', '-x', '-z']
"""An axis of the frame, as viser writes it."""


@dataclass(frozen=True)
class ViewedContact:
    """One contact of a grasp."""

    link: str
    point: NDArray[np.float64]
    """(3,) on the object's surface [m]."""
    force: NDArray[np.float64]
    """(3,) of the hand on the object at the squeeze stage [N]."""
    spread: float
    """How uncertain the place of the surface is there, as standard deviation [m]."""


@dataclass(frozen=True)
class GraspFacts:
    """What is known of one grasp besides its poses; files of others know nothing."""

    score: float | None = None
    success_probability: float | None = None
    contact_pattern: str = ''
    approach_direction: NDArray[np.float64] | None = None
    """(3,) unit vector along which the open hand moves to its pregrasp."""
    energies: dict[str, float | None] = field(default_factory=dict)
    """Measures of docs/plan_format.md by name; None: not computed."""
    contacts: tuple[ViewedContact, ...] = ()


@dataclass(frozen=True)
class ViewedPlan:
    """Ranked grasps of one hand, or pairs of two, and what they were planned on."""

    hand: str
    grasps: StagedGrasp
    """K of them; ``facts`` has as many."""
    facts: tuple[GraspFacts, ...]
    geometry: PlanGeometry = PlanGeometry()
    frame: str = ''
    """Name of the frame."""
    up: Up = '+z'
    """What is taken for up: -y in the frame of a camera (REP 103), where z looks ahead."""
    remarks: tuple[str, ...] = ()
    """What the report says of the plan as a whole, one phrase each."""
    warnings: tuple[str, ...] = ()
    """What was wrong or uncertain about the input."""
    partner: ViewedPlan | None = None
    """The grasps of a second hand, which carries together with the first: one for each."""

    @property
    def hands(self) -> tuple[ViewedPlan, ...]:
        """The plan of each hand, this one first."""
        return (self,) if self.partner is None else (self, self.partner)

    def __len__(self) -> int:
        return len(self.grasps)

    def centre(self) -> NDArray[np.float64]:
        """Return the middle (3,) of the object's box, or of the palms if it is not known [m]."""
        corners = [each.vertices for each in self.geometry.surfaces[:1]]
        if self.geometry.cloud is not None and not corners:
            corners = [self.geometry.cloud]
        points = corners[0] if corners else self.grasps.grasp.translation.double().numpy()
        middle: NDArray[np.float64] = (points.min(axis=0) + points.max(axis=0)) / 2
        return middle


def read_viewed_plan(path: str | Path) -> ViewedPlan:
    """
    Return what can be shown of a plan file, of one hand or of two.

    :raises FileError: when it is missing, not a plan, incomplete, or without a grasp
    :raises UnsupportedHand: when its hand is unknown
    """
    pairs = pair_file.holds_pairs(path)
    layout = pair_file if pairs else plan_file
    content = read_json(path, layout.FORMAT, layout.VERSION)
    try:
        parts = content['hands'] if pairs else [content]
        first, *others = (_of_hand(each, content, path) for each in parts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(path, f'a part of it is incomplete: {error!r}') from error
    for each in others:
        if len(each) != len(first):
            raise FileError(path, 'one hand has more grasps than the other')
        first = replace(first, partner=each)
    if not len(first):
        raise FileError(path, 'it holds no grasp that could be shown')
    return first


def _of_hand(part: dict[str, Any], content: dict[str, Any], path: str | Path) -> ViewedPlan:
    """Return the plan of one hand, from its own part of the content of a file."""
    grasp_set = plan_file.grasps_of(part, path)
    report, section = content.get('report') or {}, content.get('geometry')
    return ViewedPlan(
        grasp_set.hand, grasp_set.grasps,
        tuple(_facts(each) for each in part['grasps']),
        PlanGeometry() if section is None else geometry_from_dict(section),
        str(content.get('frame', '')), _up(report), _remarks(report),
        tuple(f"{each['code']}: {each['message']}" for each in report.get('warnings', ())))


def _facts(grasp: dict[str, Any]) -> GraspFacts:
    direction, contacts = grasp.get('approach_direction'), grasp.get('contacts')
    return GraspFacts(
        grasp.get('score'), grasp.get('success_probability'), grasp.get('contact_pattern', ''),
        None if direction is None else _vector(direction), dict(grasp.get('energies', {})),
        () if contacts is None else tuple(
            ViewedContact(str(link), _vector(point), _vector(force), float(spread))
            for link, point, force, spread in zip(
                contacts['links'], contacts['points'], contacts['forces'], contacts['spreads'],
                strict=True)))


def _vector(numbers: Any) -> NDArray[np.float64]:
    vector = np.array(numbers, dtype=np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ValueError(f'{numbers} is not three finite numbers')
    return vector


def _up(report: dict[str, Any]) -> Up:
    """Return -y for a cloud whose camera is the origin, and so the frame; otherwise z."""
    eye = (report.get('viewpoint') or {}).get('position')
    return '-y' if eye is not None and not np.any(eye) else '+z'


def _remarks(report: dict[str, Any]) -> tuple[str, ...]:
    if not report:
        return ()
    total = report['times']['total']
    remarks = [
        f"{report['num_points']} points" if report['num_points'] else 'planned on a mesh',
        f"{100 * report['seen_fraction']:.0f} % of the surface seen",
        f"{report['num_candidates']} candidates, {report['num_refined']} refined",
        f"{report['model_id']}, seed {report['seed']}",
        f"{total:.2f} s on {report['device']}"]
    if report['stopped_early']:
        remarks.append('stopped early: the time budget ended the refinement')
    return tuple(remarks)
