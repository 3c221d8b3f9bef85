# SPDX-License-Identifier: Apache-2.0
"""The command ``dexlite``: one subcommand per module, imported when it is called."""

from __future__ import annotations

from importlib import import_module
import os
import sys

from dexlite_ros import __version__
from dexlite_ros.errors import DexliteError

COMMANDS = {
    'plan': ('plan', 'plan grasps for a cloud or a mesh'),
    'hand': ('hand', 'write the hand as MJCF, URDF or picture'),
    'evaluate': ('evaluate', 'plan on many objects, judge, and report'),
    'compare': ('compare', 'put evaluations into one table'),
    'objects': ('objects', 'make objects ready, and show them'),
    'stability': ('stability', 'try which objects rest on a table'),
    'calibrate': ('calibrate', 'fit the success model to judged grasps'),
    'validate': ('validate', 'simulate grasps and tell which hold'),
    'generate': ('generate', 'propose and judge grasps by the thousand'),
    'dataset': ('dataset', 'count, check, join and draw from datasets'),
    'train': ('train', 'train the network that proposes grasps'),
    'import': ('exchange', 'read grasps of DexGraspBench or DexGraspNet', 'import_main'),
    'export': ('exchange', 'write grasps for DexGraspBench or DexGraspNet', 'export_main'),
    'bench': ('bench', 'time the planner'),
    'surface-accuracy': ('surface_accuracy', 'measure how well clouds are closed'),
}


def main(argv: list[str] | None = None) -> int:
    """
    Run one subcommand and return its exit code.

    A DexliteError ends the program with its message and exit code 1, a usage error with 2, an
    interrupt with 130.
    """
    arguments = sys.argv[1:] if argv is None else argv
    try:
        return _dispatch(arguments)
    except DexliteError as error:
        print(f'dexlite {arguments[0]}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of the output is gone, as with `head`: end quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ('-h', '--help'):
        print(usage(), flush=True)
        return 0
    if arguments[0] == '--version':
        print(__version__)
        return 0
    if arguments[0] not in COMMANDS:
        print(f"dexlite: no command '{arguments[0]}'\n\n{usage()}", file=sys.stderr)
        return 2
    module, _, *function = COMMANDS[arguments[0]]
    run = getattr(import_module(f'dexlite_ros.offline.commands.{module}'), *(function or ['main']))
    return run(arguments[1:]) or 0


def usage() -> str:
    """Return the list of subcommands."""
    width = max(len(name) for name in COMMANDS)
    lines = [f'  {name:<{width}}  {text}' for name, (_, text, *_) in COMMANDS.items()]
    return '\n'.join([
        'usage: dexlite COMMAND [OPTIONS]', '',
        'Ranked Shadow Hand grasps from point clouds; all units are SI.', '',
        *lines, '', "'dexlite COMMAND --help' tells the options of one command."])


if __name__ == '__main__':
    sys.exit(main())
