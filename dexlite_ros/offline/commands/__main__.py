# SPDX-License-Identifier: Apache-2.0
"""The command ``dexlite``: one subcommand per module, imported when it is called."""

from __future__ import annotations

from importlib import import_module
import os
import sys
import threading

from dexlite_ros import __version__
from dexlite_ros.errors import DexliteError
from dexlite_ros.files import cause
from dexlite_ros.offline.objects.piece_cache import choice_forgotten

COMMANDS = {
    'plan': ('plan', 'plan grasps for a cloud or a mesh'),
    'hand': ('hand', 'write the hand as MJCF, URDF or picture'),
    'evaluate': ('evaluate', 'plan on many objects, judge, and report'),
    'evaluate-pairs': ('evaluate_pairs', 'plan for two hands on many objects, and lift them'),
    'compare': ('compare', 'put evaluations into one table'),
    'objects': ('objects', 'make objects ready, and show them'),
    'scenes': ('scenes', 'look at objects on a table with a depth camera'),
    'stability': ('stability', 'try which objects rest on a table'),
    'calibrate': ('calibrate', 'fit the success model to judged grasps'),
    'view': ('view', 'show the grasps of a plan in a browser'),
    'validate': ('validate', 'simulate grasps and tell which hold'),
    'generate': ('generate', 'propose and judge grasps by the thousand'),
    'label': ('label', 'plan on what cameras see, judge, store labels to learn from'),
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

    Every failure is one line on standard error: a DexliteError with its message, an OSError with
    path and cause (both exit code 1), a usage error (2), an interrupt (130). When the reader of
    the output is gone, as with ``head``, the command ends silently with 1, as Python itself does.
    """
    arguments = sys.argv[1:] if argv is None else argv
    # A program that is started without standard streams, as with ``>&-``, has None here.
    sys.stdout = sys.stdout or open(os.devnull, 'w')
    sys.stderr = sys.stderr or open(os.devnull, 'w')
    if argv is None:
        threading.excepthook = _thread_failed
    try:
        try:
            return _dispatch(arguments)
        finally:
            # Here, where a full disk and a closed pipe can still be reported.
            sys.stdout.flush()
    except DexliteError as error:
        return _failed(arguments, str(error))
    except OSError as error:
        _empty_output()
        return 1 if isinstance(error, BrokenPipeError) else _failed(arguments, _told(error))
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130


def _failed(arguments: list[str], problem: str) -> int:
    print(' '.join(['dexlite', *arguments[:1]]) + f': {problem}', file=sys.stderr)
    return 1


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    """Tell an error of the system in a thread, such as TensorBoard's, in one line as well."""
    if isinstance(failure.exc_value, OSError):
        print(f'dexlite: {_told(failure.exc_value)}', file=sys.stderr)
    else:
        threading.__excepthook__(failure)


def _told(error: OSError) -> str:
    """Return path and cause of an error of the operating system as one line."""
    paths = [os.fsdecode(each) for each in (error.filename, error.filename2)
             if isinstance(each, str | bytes | os.PathLike)]
    # Files of the package's own are written by ``replaced``, whose errors name them.
    return f'{" -> ".join(paths) or "output"}: {cause(error)}'


def _empty_output() -> None:
    """
    Write out what is buffered for standard output, or let it vanish where that is impossible.

    Python does so when it exits, where it would fail again (see the note on SIGPIPE in the
    documentation of the module ``signal``).
    """
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ('-h', '--help'):
        print(usage())
        return 0
    if arguments[0] == '--version':
        print(__version__)
        return 0
    if arguments[0] not in COMMANDS:
        print(f"dexlite: no command '{arguments[0]}'\n\n{usage()}", file=sys.stderr)
        return 2
    module, _, *function = COMMANDS[arguments[0]]
    run = getattr(import_module(f'dexlite_ros.offline.commands.{module}'), *(function or ['main']))
    with choice_forgotten():
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
