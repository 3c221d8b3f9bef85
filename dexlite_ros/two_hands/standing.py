# SPDX-License-Identifier: Apache-2.0
"""A large object as it stands, with its weight: what two hands are planned for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
import trimesh

from dexlite_ros.graspable import doubt_of_holding
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.two_hands.settings import Burden, GRAVITY


@dataclass(frozen=True)
class Standing:
    """An object on its support."""

    scene: PlanningScene
    obstacles: Obstacles
    """What the hands must not touch, with the support."""
    support: Plane
    burden: Burden

    @classmethod
    def of(cls, scene: PlanningScene, burden: Burden, slack: float) -> Standing:
        """
        Return a scene's object on its support.

        Where none is known, the object is taken to stand on its lowest point: what is too large
        for a hand rarely floats.

        :param slack: how much nearer the hands may come to the support than to obstacles [m]
        """
        around = scene.obstacles
        if around is not None and around.support is not None:
            return cls(scene, around, around.support, burden)
        down = np.array([0.0, 0.0, -1.0]) if burden.down is None else burden.down
        vertices = scene.surface.vertices
        # A closed surface bulges where nothing was measured.
        known = vertices if scene.measured is None else scene.measured
        support = Plane(-down, float((-known @ down).min()))
        points = np.zeros((0, 3)) if around is None else around.points
        around = Obstacles.around(points, vertices, support, slack)
        return cls(replace(scene, obstacles=around), around, support, burden)

    @property
    def centre(self) -> Tensor:
        """Centre of mass (3,) [m]."""
        return self.scene.field.centre_of_mass

    @property
    def down(self) -> Tensor:
        """Unit vector (3,) of gravity."""
        down = -self.support.normal if self.burden.down is None else self.burden.down
        return torch.from_numpy(down).to(self.centre)

    def doubts(self) -> tuple[PlanWarning, ...]:
        """
        Return a warning if one hand would do: it spans the object, and its squeeze carries.

        The hull is what it has to span: the rim of a tray is thin, but far from its middle.
        """
        squeeze = SqueezeSettings()
        one_hand = squeeze.forces.friction * squeeze.total_force / GRAVITY
        hull = trimesh.convex.convex_hull(self.scene.surface.vertices)
        whole = replace(
            self.scene.surface, vertices=np.asarray(hull.vertices), faces=np.asarray(hull.faces))
        if self.burden.mass > one_hand or doubt_of_holding(whole, self.support):
            return ()
        return (PlanWarning(
            'one_hand_suffices',
            f'one hand spans the object, and carries up to {one_hand:.1f} kg: a plan of one hand '
            'is simpler'),)
