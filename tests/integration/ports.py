# SPDX-License-Identifier: ISC
"""Ports for what cannot bind port 0 itself."""
import contextlib
import random
import socket

with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
    LOWEST_GIVEN = int(file.read().split()[0])  # of those that the kernel chooses


def port_to_listen_on():
    """A number for a program that takes no other: none that the kernel gives to the tests beside
    this one, or to their connections, before the program has it."""
    while True:
        port = random.randrange(max(1024, LOWEST_GIVEN // 2), LOWEST_GIVEN)
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port


@contextlib.contextmanager
def refusing_port(host="127.0.0.1"):
    """A port on which nobody listens as long as it is held."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as held:
        held.bind((host, 0))
        yield held.getsockname()[1]
