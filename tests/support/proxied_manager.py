# SPDX-License-Identifier: ISC
"""A manager behind an HTTP proxy that wants a password."""
import base64

import scripted_manager

PROXY_PASSWORD = "open sesame"


class ProxiedManager(scripted_manager.Manager):
    """The manager and the proxy before it in one. `tunnels` has the header lines of each request
    for a tunnel."""

    def __init__(self, machine, certificates):
        self.tunnels = []
        super().__init__(machine, certificates, port=3128)

    def converse(self, connection):
        connection.settimeout(10)
        header = b""
        while not header.endswith(b"\r\n\r\n"):
            header += connection.recv(1) or b"\r\n\r\n"
        self.tunnels.append(header.decode().split("\r\n"))
        credentials = base64.b64encode(f"web:{PROXY_PASSWORD}".encode()).decode()
        if f"Proxy-Authorization: Basic {credentials}" not in self.tunnels[-1]:
            connection.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"
            )
            connection.close()
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        super().converse(connection)
