# SPDX-License-Identifier: ISC
"""Ports for what cannot bind port 0 itself."""
import contextlib
import random
import socket

def chosen_by_hand():
    """The ports that the kernel gives to nobody who asks for any; all, if it leaves none."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first, last = map(int, file.read().split())
    return [*range(1024, first), *range(last + 1, 65536)] or range(1024, 65536)


def port_to_listen_on():
    """For a program that takes a number only: free now, and none that a test beside this one, or
    its connections, can get before the program has it."""
    ports = chosen_by_hand()
    while True:
        port = random.choice(ports)
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port


@contextlib.contextmanager
def refusing_port(host="127.0.0.1"):
    """A port on which nobody listens as long as it is held."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as held:
        held.bind((host, 0))
        yield held.getsockname()[1]
