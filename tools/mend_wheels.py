# SPDX-License-Identifier: Apache-2.0
"""
Make the CMake exports of ROS 2 wheels usable on this machine.

They name include folders of the machine that built the wheels, and CMake stops where such a
folder does not exist. Folders that do not exist here are dropped; the build finds Python's and
numpy's headers by itself.
"""

from pathlib import Path
import re
import sys

_INCLUDES = re.compile(r'(INTERFACE_INCLUDE_DIRECTORIES ")([^"]*)(")')


def _existing(match: re.Match) -> str:
    """Return the CMake line without the folders that do not exist."""
    folders = match[2].split(';')
    kept = (f for f in folders if f.startswith('$') or Path(f).is_dir())
    return f'{match[1]}{";".join(kept)}{match[3]}'


def mend(prefix: Path) -> int:
    """
    Mend all exports below ``prefix``; doing so again changes nothing.

    :param prefix: the virtual environment the wheels were installed to.
    :returns: how many files changed.
    """
    changed = 0
    for path in sorted(prefix.glob('share/*/cmake/*.cmake')):
        text = path.read_text()
        mended = _INCLUDES.sub(_existing, text)
        if mended != text:
            path.write_text(mended)
            changed += 1
    return changed


if __name__ == '__main__':
    sys.stdout.write(f'mended {mend(Path(sys.argv[1]))} files\n')
