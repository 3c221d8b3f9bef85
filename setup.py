# SPDX-License-Identifier: Apache-2.0
"""Installs the core and the command ``dexlite`` without ROS; colcon builds the whole package."""

from pathlib import Path
import re

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r"__version__ = '(.+)'", (ROOT / 'dexlite_ros/__init__.py').read_text())[1]

setup(
    name='dexlite_ros',
    version=VERSION,
    description='Ranked grasps of the Shadow Dexterous Hand from a segmented point cloud.',
    long_description='Planner, ROS 2 node and offline tools; see README.md.',
    author='DexLite-ROS contributors',
    maintainer='DexLite-ROS maintainers',
    maintainer_email='maintainers@dexlite-ros.example',
    license='Apache-2.0',
    packages=find_packages(include=['dexlite_ros', 'dexlite_ros.*']),
    package_data={'': ['py.typed', '*.yaml', '*.json', '*.safetensors']},
    python_requires='>=3.11',
    # Versions tried together are in tools/requirements.txt, with what each is for.
    install_requires=[
        # Later ones bring gigabytes of CUDA libraries.
        'torch>=2.4,<2.14',
        'numpy>=1.26,<3',
        'scipy>=1.11',
        'roma>=1.5',
        'trimesh>=4.0',
        # What trimesh unites and subtracts bodies with.
        'manifold3d>=3.0',
        # The meshes of DAE files, for trimesh.
        'pycollada>=0.8',
        'open3d-cpu>=0.18,<0.20',
        'mujoco>=3.3',
        'coacd>=1.0.5',
        'pillow>=10',
        'tqdm>=4.60',
        'PyYAML>=6.0',
        'joblib>=1.4',
        'pebble>=5.0,<6',
        'pyarrow>=15',
        'matplotlib>=3.8',
        'scikit-learn>=1.4',
        # The network's weights as files without code.
        'safetensors>=0.4',
        # Command lines from dataclasses; its plain help is an option of this major version.
        'tyro>=1.0.17,<2',
    ],
    extras_require={
        'dev': ['pytest>=8', 'ruff>=0.9', 'mypy>=1.15'],
        # The second engine of `dexlite stability`.
        'pybullet': ['pybullet>=3.2.6'],
        # `dexlite generate --ray`.
        'scale': ['ray>=2.40'],
        # The curves of `dexlite train`.
        'train': ['tensorboard>=2.14'],
        # MP4 films of `dexlite validate --video`; it brings its own ffmpeg.
        'video': ['imageio-ffmpeg>=0.5'],
        # The package that `dexlite bench --peer` compares with.
        'peer': ['dex1b==0.0.5'],
    },
    entry_points={'console_scripts': ['dexlite = dexlite_ros.offline.commands.__main__:main']},
    zip_safe=False,
)
