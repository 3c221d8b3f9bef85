# SPDX-License-Identifier: Apache-2.0
"""
How a depth camera errs: the numbers, and the random fields made from them.

All randomness comes from the generator that is passed. H, W: pixels of the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
STEEP = np.deg2rad(60.0)
"""Incidence from which the axial noise grows (Nguyen et al., 2012) [rad]."""
STEEPEST = np.deg2rad(85.0)
"""Incidence at which formulas with a pole at 90 degrees are cut off [rad]."""


@dataclass(frozen=True)
class SensorErrors:
    """
    Errors of a depth camera; the defaults are those of a perfect one.

    The standard deviation of the depth z at an incidence a between ray and normal is

        floor + growth (z - offset)^2 [+ grazing / sqrt(z) (a / (90 deg - a))^2 from 60 degrees]

    which includes what the rounding of the disparity adds.
    """

    axial_floor: float = 0.0
    """[m]"""
    axial_growth: float = 0.0
    """[1/m]"""
    axial_offset: float = 0.0
    """[m]"""
    axial_grazing: float = 0.0
    """[m^1.5]"""
    correlation: float = 0.0
    """Standard deviation of the Gaussian that smooths noise over the image [pixels]."""
    axial_waves: float = 0.0
    """The same for half of the variance of the axial noise, which is smoother; 0: not so."""
    lateral: float = 0.0
    """Standard deviation of the place of an edge in the image [pixels]."""
    lateral_grazing: float = 0.0
    """Its growth with a / (90 deg - a) [pixels]."""
    baseline: float = 0.0
    """Distance to the second eye or the projector, on the side of x [m]; what that does not see
    is not measured. 0: there is none."""
    disparity_step: float = 0.0
    """Disparities are multiples of this [pixels]; 0: not rounded."""
    flying: float = 0.0
    """Share of the pixels on an edge that mix the depths of both sides."""
    footprint: float = 0.0
    """Width of what one pixel looks at [pixels]."""
    grazing_limit: float = np.pi / 2
    """Incidence from which most points are missing [rad]."""
    grazing_spread: float = 0.0
    """Standard deviation of that limit over the image [rad]."""
    shiny_spots: int = 0
    """Largest number of spots without data on a body, where its surface mirrors a lamp."""
    lamp_size: tuple[float, float] = (0.0, 0.0)
    """Smallest and largest radius of such a lamp, as an angle seen from the body [rad]."""
    outliers: float = 0.0
    """Share of measured points whose depth is wrong."""
    outlier_size: float = 0.0
    """Largest error of those, as a share of the depth."""
    mask_offset: tuple[int, int] = (0, 0)
    """Smallest and largest number of pixels by which a mask is too wide."""
    mask_ragged: float = 0.0
    """Standard deviation of that number along the edge of one mask [pixels]."""

    def axial_deviation(self, depth: Array, incidence: Array) -> Array:
        """
        Return the standard deviation of measured depths [m].

        :param depth: (R) true depths along the optical axis [m]
        :param incidence: (R) angles between ray and surface normal [rad]
        """
        deviation = self.axial_floor + self.axial_growth * (depth - self.axial_offset) ** 2
        steep = np.where(incidence > STEEP, _pole(incidence), 0.0)
        return deviation + self.axial_grazing / np.sqrt(depth) * steep ** 2

    def lateral_deviation(self, incidence: Array) -> Array:
        """Return the standard deviation of the place of edges, for incidences (R) [pixels]."""
        return self.lateral + self.lateral_grazing * _pole(incidence)

    def depth_step(self, depth: Array, focal: float) -> Array:
        """Return the difference of neighbouring depths (R) that the camera can tell [m]."""
        if not self.disparity_step:
            return np.zeros_like(depth)
        return depth ** 2 * self.disparity_step / (focal * self.baseline)

    def measured_depth(
        self, depth: Array, incidence: Array, focal: float, rng: np.random.Generator
    ) -> Array:
        """
        Return depths (H, W) with axial noise and rounded disparity [m]; NaN stays NaN.

        :param depth: (H, W) along the optical axis [m]
        :param incidence: (H, W) [rad]
        :param focal: focal length [pixels]
        """
        deviation = self.axial_deviation(depth, incidence)
        # Rounding to multiples of a step adds a variance of step^2 / 12.
        drawn = np.sqrt(np.maximum(
            deviation ** 2 - self.depth_step(depth, focal) ** 2 / 12.0, 0.0))
        noise = smooth_noise(depth.shape, self.correlation, rng)
        if self.axial_waves:
            noise = (noise + smooth_noise(depth.shape, self.axial_waves, rng)) / np.sqrt(2.0)
        depth = depth + drawn * noise
        if self.disparity_step:
            scale = focal * self.baseline / self.disparity_step
            depth = scale / np.round(scale / depth)
        wrong = rng.random(depth.shape) < self.outliers
        off = self.outlier_size * rng.uniform(-1.0, 1.0, depth.shape)
        return np.where(wrong, depth * (1.0 + off), depth)

    def too_grazing(self, incidence: Array, rng: np.random.Generator) -> Mask:
        """Return where (H, W) light falls too flat on the surface to be measured."""
        noise = smooth_noise(incidence.shape, self.correlation, rng)
        return incidence > self.grazing_limit + self.grazing_spread * noise

    def shiny(self, rays: Array, normal: Array, rng: np.random.Generator) -> Mask:
        """
        Return where (N,) the surface of one body mirrors a lamp into the camera.

        Each lamp is far away, in the direction that is mirrored at one point of the body.

        :param rays: (N, 3) unit directions from the camera to points on the body
        :param normal: (N, 3) unit normals there
        """
        mirrored = rays - 2.0 * np.einsum('ni,ni->n', rays, normal)[:, None] * normal
        spots = np.zeros(len(rays), bool)
        for _ in range(int(rng.integers(self.shiny_spots + 1))):
            lamp = mirrored[rng.integers(len(rays))]
            spots |= mirrored @ lamp > np.cos(rng.uniform(*self.lamp_size))
        return spots

    def masks(
        self, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """
        Return labels (H, W) as a segmentation gives them.

        Every mask is too wide by the same number of pixels, or too narrow if that is negative,
        and ragged. The mask of body 1 lies above the others, which grow over the background only.
        """
        low, high = self.mask_offset
        offset = int(rng.integers(low, high + 1))
        noise = smooth_noise(labels.shape, max(self.correlation, 1.0), rng)
        wide = np.clip(np.round(offset + self.mask_ragged * noise), low, high)
        found = np.zeros_like(labels)
        for label in range(int(labels.max()), 0, -1):
            mask = _outside(labels == label) <= wide
            found[mask & ((labels == 0) | (labels == label) | (label == 1))] = label
        return found


def smooth_noise(
    shape: tuple[int, ...], correlation: float, rng: np.random.Generator
) -> Array:
    """
    Return normal noise of variance 1, smooth over the image.

    :param shape: (H, W)
    :param correlation: standard deviation of the Gaussian that smooths it [pixels]
    """
    white = rng.standard_normal(shape)
    if not correlation:
        return white
    kernel = np.zeros(8 * int(np.ceil(correlation)) + 1)
    kernel[len(kernel) // 2] = 1.0
    weight = gaussian_filter(kernel, correlation, mode='constant')
    return gaussian_filter(white, correlation, mode='wrap') / (weight ** 2).sum()


def _outside(mask: Mask) -> Array:
    """Return how far pixels are outside a mask: 1 beside it, 0 on its rim, negative within."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.where(mask, 1.0 - distance_transform_edt(mask), distance_transform_edt(~mask))


def _pole(incidence: Array) -> Array:
    angle = np.minimum(incidence, STEEPEST)
    return angle / (np.pi / 2 - angle)
