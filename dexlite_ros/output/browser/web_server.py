# SPDX-License-Identifier: Apache-2.0
"""
The web server of the viewer: viser's, without what it prints and without its way out.

viser (https://viser.studio) serves its page from its own files, so a browser needs no network
besides this server.
"""

from __future__ import annotations

from contextlib import redirect_stdout
import io
import socket
from typing import TYPE_CHECKING

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.files import cause

if TYPE_CHECKING:
    from viser import ViserServer

LOOPBACK, PORT = '127.0.0.1', 8080
PORT_MAX = 65535


def start_server(host: str, port: int) -> ViserServer:
    """
    Serve an empty scene.

    :param host: address to listen at; 127.0.0.1: this machine alone can look, 0.0.0.0: everybody
    :param port: the next free one is taken if it is not free; 0: any free one
    :raises InvalidRequest: for an address that is not of this machine, or a port that is none
    :raises MissingDependency: when viser is not installed
    """
    try:
        from viser import ViserServer
    except ImportError as error:
        raise MissingDependency(
            'viser', 'to show plans in a browser', "pip install 'dexlite_ros[view]'") from error
    if not 0 <= port <= PORT_MAX:
        raise InvalidRequest('port', port, f'0 to {PORT_MAX}')
    try:
        # viser would try all ports for an address that has none.
        socket.create_server((host, 0)).close()
    except OSError as error:
        raise InvalidRequest(
            'host', host, f'an address of this machine ({cause(error)}), such as {LOOPBACK} or '
            '0.0.0.0') from error
    with redirect_stdout(io.StringIO()):  # It prints a table of addresses, whatever it is told.
        server = ViserServer(host, port, label='dexlite', verbose=False)
    # A public address at a relay of viser's is nothing for a robot.
    server.gui.configure_theme(show_logo=False, show_share_button=False)
    server.gui.main_panel.dock_right()
    return server


def stop_server(server: ViserServer) -> None:
    """Disconnect all browsers and give the port back."""
    with redirect_stdout(io.StringIO()):
        server.stop()
