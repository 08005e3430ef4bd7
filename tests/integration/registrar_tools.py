# SPDX-License-Identifier: ISC
"""What the tests of agent-registrar share: a running registrar, a client that says what it saw,
certificates."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from process_tree import processes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("AGENT_REGISTRAR") or str(
    pathlib.Path(os.environ.get("TOP_BUILDDIR") or ROOT) / "agent-registrar")
DATA = pathlib.Path(os.environ.get("TEST_DATA") or ROOT / "tests" / "data")
PATIENCE = 30  # seconds: only a broken registrar ever needs them
LONG = 300  # seconds: the same for one of very many who wait for each other on a busy machine
# A mode that no new file of keys has: as manage_agents leaves it, which only root can then write.
KEPT_MODE = 0o440 if os.geteuid() == 0 else 0o600
KEY = r"[0-9a-f]{64}"
API, ENROLLMENT = "The API", "The enrollment of Wazuh 5"  # as the log calls them


def run(*arguments, **options):
    """Run the program to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=PATIENCE, **options)


class Registrar:
    """A running `agent-registrar serve` over a directory of its own."""

    def __init__(self, directory, *arguments, program=None, environment=None, pass_fds=(),
                 port=None, listen="127.0.0.1", user=None):
        self.directory = pathlib.Path(directory)
        self.keys_file = self.directory / "etc" / "client.keys"
        where = [] if pass_fds else ["--listen", listen, "-p", "0"]
        command = [*(program or [PROGRAM]), "-D", str(directory), *where, *map(str, arguments),
                   "serve"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **(environment or {})},
                                        pass_fds=pass_fds, user=user, group=user,
                                        extra_groups=None if user is None else [])
        self.lines = []
        self._changed = threading.Condition()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_until_ready()
        except Exception:
            self.kill()
            raise

    def wait_until_ready(self):
        self.port = int(self.wait_for_line(r"Listening on \S+ port (\d+)").group(1))

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for_line(self, pattern, after=0):
        """The match of the first log line, from line `after` on, that holds the pattern."""
        end = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                for line in self.lines[after:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                if self._closed or time.monotonic() > end:
                    raise AssertionError(
                        f"no log line with {pattern!r} in:\n" + "\n".join(self.lines)
                    )
                self._changed.wait(1)

    def port_of(self, what):
        """Where API or ENROLLMENT listens."""
        return int(self.wait_for_line(rf"{what} listens on \S+ port (\d+)").group(1))

    @property
    def front(self):
        """The process id of the front. That of the keeper is the one that was started."""
        return processes(self.process.pid)[-1]

    @property
    def log(self):
        with self._changed:
            return "\n".join(self.lines)

    def keys(self):
        """The lines of client.keys as lists of fields."""
        return [line.split(" ") for line in self.keys_file.read_text().splitlines()]

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        return self._reap()

    def _reap(self):
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()
        self.process.stdout.close()
        return status

    def connect(self, source=None, patience=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.port), patience,
                                        source_address=(source, 0) if source else None)

    def open(self, source=None, patience=PATIENCE, **tls):
        return Client(self.connect(source, patience), **tls)

    def ask(self, *pieces, **options):
        """Send the pieces, one TLS record each, and return the Reply."""
        with self.open(**options) as client:
            for piece in pieces:
                client.send(piece)
            return client.reply()

    def register(self, name, **options):
        """Register and return (id, name, ip, key)."""
        reply = self.ask(f"OSSEC A:'{name}'\n", **options)
        assert reply.agent, reply
        return reply.agent


class Reply:
    """What came back: one entry per TLS record, and how it ended: "close_notify", "eof", or the
    error."""

    def __init__(self, records, end):
        self.records = records
        self.end = end
        match = re.fullmatch(r"OSSEC K:'(\S+) (\S+) (\S+) (" + KEY + r")'(\n\n)?", "".join(records))
        self.agent = match.groups()[:4] if match else None

    def __repr__(self):
        return f"Reply({self.records!r}, {self.end!r})"

    def __eq__(self, other):
        return (self.records, self.end) == other


def client_context(version=None, certificate=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OP_IGNORE_UNEXPECTED_EOF: an end without close_notify must be seen as one
    context.options &= ~0x80
    if version:
        context.minimum_version = context.maximum_version = version
    if certificate:
        context.load_cert_chain(*certificate)
    if ciphers:
        context.set_ciphers(ciphers)
    return context


class Client:
    def __init__(self, connection, **tls):
        self.socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls = client_context(**tls).wrap_socket(connection, suppress_ragged_eofs=False)
        except BaseException:
            connection.close()
            raise

    def send(self, piece):
        self.tls.sendall(
            piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        )

    def half_close(self):
        """FIN without close_notify."""
        socket.socket.shutdown(self.tls, socket.SHUT_WR)

    def reset(self):
        """RST."""
        self.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tls.close()

    def reply(self):
        records = []
        while True:
            try:
                data = self.tls.recv(20000)  # at most one record at a time
            except OSError as error:  # also ssl.SSLError
                reason = getattr(error, "reason", None) or type(error).__name__
                return Reply(records, "eof" if reason == "UNEXPECTED_EOF_WHILE_READING" else reason)
            if not data:
                return Reply(records, "close_notify")
            records.append(data.decode("utf-8", "surrogateescape"))

    def close(self):
        self.tls.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextlib.contextmanager
def serving(directory, *arguments, **options):
    """A registrar that is gone, having exited with 0, at the end of the block."""
    registrar = Registrar(directory, *arguments, **options)
    try:
        yield registrar
    except BaseException:
        registrar.kill()
        print(registrar.log)
        raise
    if registrar.process.poll() is None:
        assert registrar.stop() == 0, registrar.log
    assert "Sanitizer" not in registrar.log, registrar.log


def prepare(directory, *arguments, dialect="ossec"):
    """A directory with certificate and password, and the password."""
    done = run("-D", directory, "--init", "--dialect", dialect, *arguments)
    assert done.returncode == 0, done.stderr
    password = pathlib.Path(directory) / "etc" / "authd.pass"
    return password.read_text().strip() if password.exists() else None


def need(tool):
    path = shutil.which(tool)
    if not path:
        pytest.skip(f"{tool} is not installed")
    return path


class Authority:
    """A CA made with openssl(1) that signs client certificates."""

    def __init__(self, directory, name):
        self.openssl = need("openssl")
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir(parents=True)
        self.certificate = self.directory / "ca.crt"
        self.key = self.directory / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "30", "-subj", f"/O={name}/CN={name}", "-keyout", self.key,
                      "-out", self.certificate)

    def _openssl(self, *arguments):
        subprocess.run([self.openssl, *map(str, arguments)], check=True, capture_output=True,
                       cwd=self.directory, timeout=PATIENCE)

    def issue(self, name, expired=False, san=None):
        """A (certificate, key) pair of files; `san` is a list of alternative names like
        "IP:127.0.0.1"."""
        key, request, certificate = (
            self.directory / f"{name}.{end}" for end in ("key", "csr", "crt")
        )
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-subj", f"/O=agents/CN={name}", "-keyout", key, "-out", request)
        if expired:
            (self.directory / "index").write_text("")
            config = self.directory / "ca.conf"
            config.write_text(
                "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\n"
                "default_md=sha256\npolicy=p\n[p]\nO=optional\nCN=supplied\n"
            )
            self._openssl("ca", "-batch", "-config", config, "-cert", self.certificate, "-keyfile",
                          self.key, "-in", request, "-out", certificate, "-startdate",
                          "20200101000000Z", "-enddate", "20200102000000Z", "-notext")
        else:
            extensions = self.directory / f"{name}.ext"
            extensions.write_text(f"subjectAltName={','.join(san)}\n" if san else "")
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                          self.key, "-days", "7", "-set_serial", str(time.monotonic_ns()),
                          "-extfile", extensions, "-out", certificate)
        return certificate, key


class CutWire:
    """A port in front of a registrar: what the registrar says once it has a key in its file does
    not arrive."""

    def __init__(self, registrar, port=None):
        self.registrar = registrar
        self.port = port or registrar.port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.whole = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self.port), 30) as server:
                forth = threading.Thread(target=self._carry, args=(client, server, lambda: False),
                                         daemon=True)
                forth.start()
                self._carry(server, client, lambda: not self.whole and self.registrar.keys())
                for each in (client, server):
                    try:
                        each.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                forth.join(PATIENCE)

    @staticmethod
    def _carry(source, target, is_cut):
        try:
            while (data := source.recv(65536)) and not is_cut():
                target.sendall(data)
        except OSError:
            pass
