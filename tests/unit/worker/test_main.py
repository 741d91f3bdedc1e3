"""Tests of the worker's end of the socket to its orchestrator."""

import fcntl
import resource
import socket

from clau_doom.worker.__main__ import SocketChannel


def test_descriptors_above_1023_are_supported() -> None:
    """A server with many connections starts workers with such descriptors. `select` refuses them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = SocketChannel(fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD, 1100))
        assert not channel.waiting()
        ours.sendall(b"x")
        assert channel.waiting()
        channel._socket.close()
