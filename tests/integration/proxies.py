# SPDX-License-Identifier: ISC
"""Scripts for fake_manager.Manager that make an HTTP proxy of it: some relay, some do not. Start
it without a certificate."""
import base64
import select
import socket

from fake_manager import PATIENCE, Ended

OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


def through(proxy, user=None, **settings):
    """The settings for a proxy."""
    address = proxy if isinstance(proxy, str) else proxy.address
    return {"manager.proxy": f"http://{user + '@' if user else ''}{address}", **settings}


def basic(user, password):
    """What stands behind "Basic "."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def read_request(conversation):
    """Read a request's header into the records, and return its lines. What follows stays in the
    socket."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = conversation.socket.recv(1)
        if not byte:
            raise Ended
        data += byte
    conversation.records.append(data)
    conversation.manager.reached.put(("request", conversation))
    return data.decode().split("\r\n")[:-2]


def relay(near, far):
    """Carry bytes both ways until both sides have ended."""
    other = {near: far, far: near}
    while other:
        for side in select.select(list(other), [], [], PATIENCE)[0]:
            target = far if side is near else near
            data = side.recv(65536)
            if data:
                target.sendall(data)
            else:
                del other[side]
                try:
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it has left altogether


def split_authority(authority):
    host, _, port = authority.rpartition(":")
    return host.strip("[]"), int(port)


def tunnel(hosts=None, credentials=None, answer=OK, refuse=(), bytewise=False):
    """A script: relay to the host that was asked for. `hosts` maps "HOST:PORT" to the address
    behind it; `credentials` are demanded; authorities in `refuse` are answered with 503;
    `bytewise` waits until each byte of the answer is read."""
    def script(conversation):
        lines = read_request(conversation)
        method, authority, version = lines[0].split(" ")
        assert (method, version) == ("CONNECT", "HTTP/1.1"), lines
        if credentials and f"Proxy-Authorization: Basic {credentials}" not in lines:
            conversation.socket.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                                        b"Proxy-Authenticate: Basic realm=\"the proxy\"\r\n\r\n")
            return
        if authority in refuse:
            conversation.socket.sendall(
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            )
            return
        with socket.create_connection(
            split_authority((hosts or {}).get(authority, authority)), PATIENCE
        ) as far:
            for piece in [bytes([byte]) for byte in answer] if bytewise else [answer]:
                conversation.socket.sendall(piece)
                if bytewise:
                    conversation.wait_until_read()
            relay(conversation.socket, far)
    return script


def says(data, ending="close"):
    """A script: answer the request with these bytes."""
    def script(conversation):
        read_request(conversation)
        conversation.socket.sendall(data)
        if ending == "reset":
            conversation.reset()
        elif ending == "open":
            conversation.wait_for_end()
    return script
