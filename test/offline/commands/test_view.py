# SPDX-License-Identifier: Apache-2.0
"""``dexlite view`` serves a page until it is interrupted, and refuses what it cannot show."""

import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import numpy as np
import open3d
from plans import make_plan
import pytest
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.offline.commands import view
from dexlite_ros.offline.commands.view import main
from dexlite_ros.output.browser.viewed_plan import ViewedPlan
from dexlite_ros.output.plan_file import GraspSet, write_grasps, write_plan

pytest.importorskip('viser', reason="the viewer needs viser: pip install 'dexlite_ros[view]'")


@pytest.fixture
def shown(monkeypatch) -> list[ViewedPlan]:
    """Return the plans that are shown by commands that are interrupted at once."""
    plans: list[ViewedPlan] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    show = view.PlanViewer.show

    def showing(self, plan: ViewedPlan, source: str) -> None:
        plans.append(plan)
        show(self, plan, source)

    monkeypatch.setattr(view, 'wait_for_interrupt', interrupt)
    monkeypatch.setattr(view.PlanViewer, 'show', showing)
    return plans


def test_an_interrupt_ends_it_with_one_line(tmp_path):
    """Before, the first line says where the page is."""
    path = write_plan(make_plan(3), tmp_path / 'plan.json')
    process = subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.offline.commands', 'view', str(path), '--port', '0'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    url = re.fullmatch(r'3 grasps at (http://127\.0\.0\.1:\d+) \(Ctrl-C ends\)\n', line)[1]
    with urlopen(url, timeout=10.0) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30.0)
    assert (process.returncode, output, errors) == (0, 'the viewer has ended\n', '')


def test_a_cloud_takes_the_place_of_that_in_the_file(tmp_path, shown):
    """Points that are no numbers are left out; the surfaces stay."""
    points = np.random.default_rng(0).random((20, 3))
    points[3] = np.nan
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    open3d.io.write_point_cloud(str(tmp_path / 'cloud.pcd'), cloud)
    path = write_plan(make_plan(1), tmp_path / 'plan.json')
    assert main([str(path), '--geometry', str(tmp_path / 'cloud.pcd'), '--port', '0']) == 0
    geometry, = (each.geometry for each in shown)
    np.testing.assert_allclose(geometry.cloud, np.delete(points, 3, axis=0), atol=1e-6)
    assert len(geometry.surfaces) == 2


def test_a_mesh_has_the_scale_of_the_file(tmp_path, shown):
    """Imported grasps name the factor from their object's mesh to metres."""
    box = trimesh.creation.box((1.0, 2.0, 3.0))
    box.export(tmp_path / 'cup.obj')
    path = write_grasps(GraspSet(make_plan(2).grasps, name='cup', scale=0.05), tmp_path / 'c.json')
    assert main([str(path), '--geometry', str(tmp_path / 'cup.obj'), '--port', '0']) == 0
    surface, = shown[0].geometry.surfaces
    np.testing.assert_allclose(np.ptp(surface.vertices, axis=0), 0.05 * np.array([1, 2, 3]))
    assert (surface.method, surface.weight) == ('cup.obj', None)


def test_what_is_no_plan_is_refused(tmp_path):
    """And so are numbers out of range."""
    (tmp_path / 'plan.json').write_text('{}')
    with pytest.raises(FileError, match='format'):
        main([str(tmp_path / 'plan.json')])
    with pytest.raises(InvalidRequest, match='port is -1'):
        main([str(tmp_path / 'plan.json'), '--port', '-1'])
