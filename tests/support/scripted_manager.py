# SPDX-License-Identifier: ISC
"""A manager that answers as a test wants it to: authd's protocol over TLS, at the manager's end
of a machine's wire."""
import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import nspawn

NAMES = f"DNS:manager.example,DNS:manager.example.org,IP:{nspawn.MANAGER_ADDRESS}"
PASSWORD = "correct horse"
KEY = "0123456789abcdef" * 4
BUSY = "ERROR: Internal manager error adding agent: web-01\n\n"


def make_certificates(directory):
    """An authority and the manager's certificate for both its name and its address, as PEM
    files."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-days", "2"]
    openssl(*new, "-subj", "/CN=Test CA", "-keyout", directory / "ca.key", "-out",
            directory / "ca.pem")
    openssl(*new, "-subj", "/CN=manager", "-keyout", directory / "manager.key", "-out",
            directory / "manager.pem", "-CA", directory / "ca.pem", "-CAkey", directory / "ca.key",
            "-addext", f"subjectAltName={NAMES}", "-addext", "basicConstraints=critical,CA:FALSE")
    return directory


def make_later_certificate(authority, directory):
    """The manager's certificate again, valid from tomorrow on. Returns its directory."""
    return make_certificate_of(authority, directory, 1, 2)


def make_certificate_of(authority, directory, start, end):
    """The manager's certificate again, valid between these days from now on. Returns its
    directory."""
    start_date, end_date = (
        time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * days))
        for days in (start, end)
    )
    (directory / "index").write_text("")
    (directory / "ca.conf").write_text(
        f"[ca]\ndefault_ca=it\n[it]\ndatabase={directory}/index\nnew_certs_dir={directory}\n"
        f"rand_serial=yes\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
    )
    (directory / "extensions").write_text(
        f"subjectAltName={NAMES}\nbasicConstraints=critical,CA:FALSE\n"
    )
    shutil.copy(authority / "manager.key", directory)
    for command in (
        ["req", "-new", "-key", "manager.key", "-subj", "/CN=manager", "-out", "request"],
        ["ca", "-batch", "-notext", "-config", "ca.conf", "-in", "request", "-out",
         "manager.pem", "-extfile", "extensions", "-startdate", start_date, "-enddate", end_date,
         "-cert", authority / "ca.pem", "-keyfile", authority / "ca.key"],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True,
                       cwd=directory)
    return directory


def issue(request):
    """Give out a key, as a manager does to whom nobody has set a password."""
    name = re.search(r" A:'([^']*)'", request).group(1)
    return f"OSSEC K:'007 {name} any {KEY}'\n\n"


def want_password(request):
    """Give out a key to who knows the password, as Wazuh's manager does."""
    if request.startswith(f"OSSEC PASS: {PASSWORD} "):
        return issue(request)
    return "ERROR: Invalid password\n\n"


def drop(request):  # pylint: disable=unused-argument
    """Close the connection without a word."""
    return None


class Listener:
    """Listens on the socket from here to close(), with the manager's certificate: one connection
    after the other is given to converse(), which the class below this one has."""

    def __init__(self, certificates, listener):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates / "manager.pem", certificates / "manager.key")
        self._listener = listener
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
            # What a client does wrong is the client's test's business: it shows in what that test
            # looks at.
            with connection, contextlib.suppress(OSError):
                self.converse(connection)

    def encrypt(self, connection):
        """The TLS connection, as a context."""
        return self._context.wrap_socket(connection, server_side=True)

    def converse(self, connection):
        """One connection from its beginning to its end. May raise OSError."""
        raise NotImplementedError


def read_request(stream):
    """The client's line without its end; what there is of it when the connection ends before."""
    request = b""
    while not request.endswith(b"\n"):
        received = stream.recv(4096)
        if not received:
            break
        request += received
    return request.decode().rstrip("\n")


class Manager(Listener):
    """What it was asked is in `requests`, when (CLOCK_MONOTONIC) is in `times`; what it answers is
    `answer(request)`."""

    def __init__(self, machine, certificates, answer=want_password, port=1515):
        self.answer = answer
        self.requests = []
        self.times = []
        self._asked = threading.Condition()
        super().__init__(certificates, machine.call_at_manager(
            lambda: socket.create_server((nspawn.MANAGER_ADDRESS, port), backlog=64)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wait_for_requests(self, count, timeout=nspawn.PATIENCE):
        """Until it was asked so often."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.requests) >= count, timeout), self.requests

    def _note(self, request, when):
        with self._asked:
            self.requests.append(request)
            self.times.append(when)
            self._asked.notify_all()

    def converse(self, connection):
        connection.settimeout(10)
        with self.encrypt(connection) as stream:
            self._note(read_request(stream), time.monotonic())
            answer = self.answer(self.requests[-1])
            if answer is not None:
                stream.sendall(answer.encode())
