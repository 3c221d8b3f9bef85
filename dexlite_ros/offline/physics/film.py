# SPDX-License-Identifier: Apache-2.0
"""
Videos and pictures of a test, ray cast without screen, GPU or system libraries.

GIF needs nothing more; MP4 is encoded by the ffmpeg that comes with ``imageio-ffmpeg``.
"""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
import trimesh

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.files import replaced
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.hand.meshes import link_meshes
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.judge import GraspTest
from dexlite_ros.offline.physics.simulation import FRAME_TIME, GraspScene
from dexlite_ros.output.hand_view import view_in_palm
from dexlite_ros.output.picture import (
    ColouredMesh,
    link_colour,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)

Poses = dict[str, NDArray[np.float64]]
FRAME = (384, 384)
"""Width and height of a video [pixels]."""


def record(
    test: GraspTest, scene: GraspScene, grasps: StagedGrasp, index: int
) -> tuple[Verdict, list[Poses]]:
    """Return the verdict on one grasp, and the poses of all bodies every ``FRAME_TIME``."""
    frames: list[Poses] = []
    scene.observer = lambda now: frames.append(now.link_poses())
    try:
        verdict = test(scene, grasps, index)
    finally:
        scene.observer = None
    return verdict, frames or [scene.link_poses()]


class Filmer:
    """Draws recorded poses; the camera follows the palm."""

    def __init__(self, scene: GraspScene, target: trimesh.Trimesh, first: Poses) -> None:
        """
        Aim the camera.

        :param target: the object, in its own frame [m]
        :param first: poses that fill the picture
        """
        hand = scene.hand
        self._palm = hand.palm_link
        self._parts = {
            name: (vertices, faces, link_colour(hand, name))
            for name, (vertices, faces) in zip(hand.link_names, link_meshes(hand))}
        self._parts['object'] = (
            np.asarray(target.vertices), np.asarray(target.faces), OBJECT_COLOUR)
        self._start = first[self._palm][:3, 3]
        self._direction = first[self._palm][:3, :3] @ view_in_palm(hand)
        self._frame = np.concatenate([mesh.vertices for mesh in self._meshes(first)])

    def draw(self, poses: Poses, label: str, size: tuple[int, int] = FRAME) -> Image.Image:
        """Return a picture of one frame."""
        shift = poses[self._palm][:3, 3] - self._start
        picture = render(self._meshes(poses), self._direction, size, self._frame + shift)
        write_label(picture, label)
        return picture

    def _meshes(self, poses: Poses) -> list[ColouredMesh]:
        return [
            ColouredMesh(vertices @ poses[name][:3, :3].T + poses[name][:3, 3], faces, colour)
            for name, (vertices, faces, colour) in self._parts.items()]


def write_picture(path: str | Path, filmer: Filmer, frames: list[Poses], label: str) -> Path:
    """Write the first and the last frame side by side as PNG and return the path."""
    size = (560, 560)
    panels = [filmer.draw(frames[0], 'start', size), filmer.draw(frames[-1], label, size)]
    return write_sheet(path, panels, columns=2)


def write_film(path: str | Path, filmer: Filmer, frames: list[Poses], label: str) -> Path:
    """
    Write a .gif or .mp4 in real time and return the path.

    :raises InvalidRequest: for another suffix
    :raises MissingDependency: for .mp4 without imageio-ffmpeg
    """
    path = Path(path)
    writers = {'.gif': _write_gif, '.mp4': _write_mp4}
    if path.suffix.lower() not in writers:
        raise InvalidRequest('video', str(path), 'a path that ends in .gif or .mp4')
    pictures = [filmer.draw(each, label) for each in frames]
    with replaced(path) as temporary:
        writers[path.suffix.lower()](temporary, pictures)
    return path


def _write_gif(path: Path, pictures: list[Image.Image]) -> None:
    pictures[0].save(
        path, format='GIF', save_all=True, append_images=pictures[1:], loop=0,
        duration=round(1000 * FRAME_TIME))


def _write_mp4(path: Path, pictures: list[Image.Image]) -> None:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise MissingDependency(
            'imageio-ffmpeg', 'to write .mp4', "pip install 'dexlite_ros[video]', or write .gif"
        ) from error
    writer = imageio_ffmpeg.write_frames(
        str(path), pictures[0].size, fps=1 / FRAME_TIME, output_params=['-f', 'mp4'])
    writer.send(None)
    for picture in pictures:
        writer.send(picture.tobytes())
    writer.close()
    # A full disk is told on ffmpeg's own standard error only.
    try:
        count, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    except RuntimeError:
        count = 0
    if count != len(pictures):
        raise OSError(errno.EIO, f'ffmpeg wrote {count} of {len(pictures)} frames')
