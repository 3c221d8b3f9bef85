# SPDX-License-Identifier: Apache-2.0
"""The stiffness of a held object follows from the springs and lever arms of the grasp."""

from hands import geometry, random_grasps
import roma
import torch

from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.mechanics.grasp_stiffness import (
    grasp_stiffness,
    GraspStiffness,
    StiffnessSettings,
)

KINEMATICS = geometry().kinematics
SPRINGS = StiffnessSettings()
CENTRE = torch.tensor([0.01, -0.02, 0.03], dtype=torch.float64)


def model(
    contacts: ContactBatch, links: list[str], forces: torch.Tensor | None = None
) -> GraspStiffness:
    """Return the stiffness of random grasps with these contacts."""
    names = list(KINEMATICS.description.link_names)
    link = torch.tensor([names.index(name) for name in links])
    forces = torch.zeros_like(contacts.point) if forces is None else forces
    poses = KINEMATICS(random_grasps(len(contacts.point)))
    return grasp_stiffness(
        poses, contacts, forces, link, CENTRE, KINEMATICS, SPRINGS)


def contacts(count: int, links: int, seed: int = 0) -> ContactBatch:
    """Return contacts at random positions within 5 cm, with random normals, all active."""
    generator = torch.Generator().manual_seed(seed)
    point = 0.05 * torch.randn(count, links, 3, generator=generator, dtype=torch.float64)
    normal = torch.randn(count, links, 3, generator=generator, dtype=torch.float64)
    return ContactBatch(
        point, torch.nn.functional.normalize(normal, dim=-1), torch.ones_like(point[..., 0]))


def test_contact_jacobian_is_the_derivative():
    """Velocity and spin of a point on a link equal finite differences over each joint."""
    grasps, names = random_grasps(4), list(KINEMATICS.description.link_names)
    link = torch.tensor([names.index('rh_ffdistal'), names.index('rh_lfmiddle')])
    local = 0.01 * torch.randn(2, 3, dtype=torch.float64)
    normal = torch.nn.functional.normalize(torch.ones(4, 2, 3, dtype=torch.float64), dim=-1)

    def placed(joints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        poses = KINEMATICS(type(grasps)(grasps.translation, grasps.rotation, joints))
        rotation = poses.rotation[:, link]
        return poses.position[:, link] + (rotation @ local[..., None])[..., 0], rotation

    jacobian = KINEMATICS.contact_jacobian(KINEMATICS(grasps), link, placed(grasps.joints)[0],
                                           normal)
    step = 1e-6
    for joint in range(22):
        change = torch.zeros(22, dtype=torch.float64)
        change[joint] = step
        (ahead, turned), (behind, before) = placed(grasps.joints + change), placed(
            grasps.joints - change)
        torch.testing.assert_close(
            jacobian[:, :, :3, joint], (ahead - behind) / (2 * step), rtol=0, atol=1e-8)
        spin = roma.rotmat_to_rotvec(turned @ before.mT) / (2 * step)
        torch.testing.assert_close(
            jacobian[:, :, 3, joint], (spin * normal).sum(-1), rtol=0, atol=1e-7)


def test_a_palm_is_as_stiff_as_its_contact():
    """No joint moves the palm: a push at the object's centre meets only the contact stiffness."""
    one = contacts(3, 1)
    one = ContactBatch(CENTRE.expand(3, 1, 3), one.normal, one.active)
    total = model(one, ['rh_palm']).total
    eye = torch.eye(3, dtype=torch.float64).expand(3, 3, 3)
    torch.testing.assert_close(total[:, :3, :3], SPRINGS.contact * eye)
    normal = one.normal[:, 0]
    torch.testing.assert_close(
        total[:, 3:, 3:], SPRINGS.contact_twist * normal[:, :, None] * normal[:, None])


def test_a_finger_gives_way_as_its_joints_do():
    """Along a finger's free direction, compliance is lever arm squared / joint stiffness."""
    grasps, names = random_grasps(2), list(KINEMATICS.description.link_names)
    link = torch.tensor([names.index('rh_ffknuckle')])
    poses = KINEMATICS(grasps)
    joint = KINEMATICS.description.joint_names.index('rh_FFJ4')
    axis = KINEMATICS.world_axes(poses)[:, joint]
    lever = 0.04 * torch.nn.functional.normalize(
        torch.linalg.cross(axis, torch.ones_like(axis)), dim=-1)
    point = (poses.position[:, link[0]] + lever)[:, None]
    along = torch.nn.functional.normalize(torch.linalg.cross(axis, lever), dim=-1)
    held = grasp_stiffness(
        poses, ContactBatch(point, along[:, None], torch.ones(2, 1, dtype=torch.float64)),
        torch.zeros_like(point), link, CENTRE, KINEMATICS, SPRINGS)
    compliance = torch.linalg.inv(held.contact_stiffness)[:, :3, :3]
    found = (along[:, None] @ compliance @ along[..., None]).flatten()
    torch.testing.assert_close(
        found, torch.full_like(found, 0.04 ** 2 / SPRINGS.joint + 1 / SPRINGS.contact))


def test_symmetric_and_inactive_contacts_do_nothing():
    """K is symmetric, and inactive contacts have no effect."""
    both = contacts(4, 2)
    links = ['rh_ffdistal', 'rh_thdistal']
    idle = ContactBatch(both.point, both.normal, both.active * torch.tensor([1.0, 0.0]))
    first = ContactBatch(both.point[:, :1], both.normal[:, :1], both.active[:, :1])
    total = model(idle, links).total
    torch.testing.assert_close(total, total.mT)
    torch.testing.assert_close(total, model(first, links[:1]).total, rtol=1e-6, atol=1e-6)


def test_forces_topple_as_their_potential_says():
    """The forces add the second derivative of -sum f . (R(w) r) with respect to rotation w."""
    two = contacts(3, 2)
    forces = torch.randn(3, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    links = ['rh_ffdistal', 'rh_thdistal']
    added = (model(two, links, forces).total - model(two, links).total)[:, 3:, 3:]

    def potential(turn: torch.Tensor) -> torch.Tensor:
        arm = two.point - CENTRE
        return -(forces * (roma.rotvec_to_rotmat(turn) @ arm.mT).mT).sum((-1, -2))

    step = 1e-4
    numeric = torch.zeros(3, 3, 3, dtype=torch.float64)
    for i in range(3):
        for j in range(3):
            e, f = (step * torch.eye(3, dtype=torch.float64)[axis] for axis in (i, j))
            numeric[:, i, j] = (
                potential(e + f) - potential(e - f) - potential(f - e) + potential(-e - f)
            ) / (4 * step ** 2)
    torch.testing.assert_close(added, numeric, rtol=0, atol=1e-6)


def test_response_undoes_the_stiffness():
    """The stiffness times the response to a wrench gives that wrench."""
    held = model(contacts(4, 3), ['rh_ffdistal', 'rh_thdistal', 'rh_palm'])
    wrench = torch.randn(4, 6, 2, dtype=torch.float64)
    torch.testing.assert_close(
        held.total @ held.response(wrench, 1e-9), wrench, rtol=1e-4, atol=1e-6)
