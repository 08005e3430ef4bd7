# SPDX-License-Identifier: ISC
"""A manager on the host's loopback that says where in a conversation it is: authd's protocol
over TLS."""
import re
import socket

import scripted_manager

# In their order; each is true when at() is called with it.
STEPS = ["accepted",  # a connection, on which nothing was said
         "encrypted",  # TLS is up and the client has verified us; it has said nothing
         "asked",  # the whole request is here, and no identity was made for it yet
         "half",  # an identity was made, and the first half of the answer was sent
         "answering",  # the rest of the answer is about to be sent
         "answered"]  # all of it was given to the network, which the client may not have read yet


class Manager(scripted_manager.Listener):
    """Gives everybody who knows the password an identity of his own, like a manager that replaces
    agents of the same name; `identities` are the lines of key files that it gave out."""

    def __init__(self, certificates, at=lambda step: None):
        self.at = at
        self.requests = []
        self.identities = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        super().__init__(certificates, listener)

    def converse(self, connection):
        connection.settimeout(30)
        self.at("accepted")
        with self.encrypt(connection) as stream:
            self.at("encrypted")
            request = scripted_manager.read_request(stream)
            if not request:
                return
            self.requests.append(request)
            self.at("asked")
            answer = self._answer(request)
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
