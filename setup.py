# SPDX-License-Identifier: Apache-2.0
"""Installs the core and the command ``dexlite`` without ROS; colcon builds the whole package."""

from pathlib import Path
import re

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r"__version__ = '(.+)'", (ROOT / 'dexlite_ros/__init__.py').read_text())[1]
# One requirement a line; the rest are comments.
REQUIREMENTS = re.findall(r'^\w.*', (ROOT / 'requirements.txt').read_text(), re.MULTILINE)

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
    package_data={'': ['py.typed', '*.yaml', '*.json', '*.ply', '*.safetensors']},
    python_requires='>=3.11',
    install_requires=REQUIREMENTS,
    # What needs one of these imports it where it is used, and says how to install it.
    extras_require={
        'dev': ['pytest>=8', 'pytest-xdist>=3.6', 'psutil>=5.9', 'ruff>=0.9', 'mypy>=1.15'],
        # The second engine of `dexlite stability`.
        'pybullet': ['pybullet>=3.2.6'],
        # `dexlite generate --ray`.
        'scale': ['ray>=2.40'],
        # The curves of `dexlite train`.
        'train': ['tensorboard>=2.14'],
        # MP4 films of `dexlite validate --video`; it brings its own ffmpeg.
        'video': ['imageio-ffmpeg>=0.5'],
        # The server and the page of `dexlite view`, and of the viewer beside the node.
        'view': ['viser>=1.1,<2'],
        # The package that `dexlite bench --peer` compares with.
        'peer': ['dex1b==0.0.5'],
    },
    entry_points={'console_scripts': ['dexlite = dexlite_ros.offline.commands.__main__:main']},
    zip_safe=False,
)
