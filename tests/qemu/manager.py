# SPDX-License-Identifier: ISC
"""A manager on the host's loopback that says where in a conversation it is: authd's protocol
over TLS."""
import contextlib
import re
import socket
import ssl
import threading

import scripted_manager

# In their order; each is true when at() is called with it.
STEPS = ["accepted",  # a connection, on which nothing was said
         "encrypted",  # TLS is up and the client has verified us; it has said nothing
         "asked",  # the whole request is here, and no identity was made for it yet
         "half",  # an identity was made, and the first half of the answer was sent
         "answering",  # the rest of the answer is about to be sent
         "answered"]  # all of it was given to the network, which the client may not have read yet


class Manager:
    """Listens from here to close(). Gives everybody who knows the password an identity of his
    own, like a manager that replaces agents of the same name; `identities` are the lines of key
    files that it gave out."""

    def __init__(self, certificates, at=lambda step: None):
        self.at = at
        self.requests = []
        self.identities = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates / "manager.pem", certificates / "manager.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends accept()
        self._listener.close()
        self._thread.join(10)

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # What a client does wrong is that client's test's business: it shows in what that test
            # looks at.
            with connection, contextlib.suppress(OSError):
                self._converse(connection)

    def _converse(self, connection):
        connection.settimeout(30)
        self.at("accepted")
        with self._context.wrap_socket(connection, server_side=True) as stream:
            self.at("encrypted")
            request = b""
            while not request.endswith(b"\n"):
                received = stream.recv(4096)
                if not received:
                    return
                request += received
            self.requests.append(request.decode().rstrip("\n"))
            self.at("asked")
            answer = self._answer(self.requests[-1])
            stream.sendall(answer[:len(answer) // 2])
            self.at("half")
            self.at("answering")
            stream.sendall(answer[len(answer) // 2:])
            self.at("answered")

    def _answer(self, request):
        if not request.startswith(f"OSSEC PASS: {scripted_manager.PASSWORD} "):
            return b"ERROR: Invalid password\n\n"
        number = 100 + len(self.identities)
        name = re.search(r" A:'([^']*)'", request).group(1)
        self.identities.append(f"{number} {name} any {number:064x}")
        return f"OSSEC K:'{self.identities[-1]}'\n\n".encode()
