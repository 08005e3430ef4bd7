# SPDX-License-Identifier: ISC
"""Command line, start, --init, socket activation."""

import os
import pathlib
import re
import socket
import ssl
import stat
import subprocess
import sys

import pytest

from registrar_tools import PATIENCE, PROGRAM, Registrar, need, prepare, run, serving


# ------------------------------------------------------------------ command line


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(option):
    done = run(option)
    assert done.returncode == 0 and "Usage: agent-registrar" in done.stdout


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(option):
    done = run(option)
    assert done.returncode == 0 and re.fullmatch(r"agent-registrar \S+\n", done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["server"], ["serve", "now"], ["-p", "65536", "serve"], ["-p", "x", "serve"],
        ["-p", "-1", "serve"], ["--timeout", "0", "serve"], ["--max-connections", "0", "serve"],
        ["--dialect", "klingon", "serve"], ["--on-duplicate", "shrug", "serve"],
        ["-g", "no-such-group", "serve"], ["--no-such-option", "serve"],
        ["--manager-version", "new", "serve"], ["-n", "-P", "file", "serve"], ["-Z"]
    ],
)
def test_wrong_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 64 and done.stderr and not done.stdout


def test_every_option_is_in_help_and_manual():
    text = run("--help").stdout
    source = (
        pathlib.Path(__file__).resolve().parents[2] / "src/registrar/commands/options.c"
    ).read_text()
    manual = (pathlib.Path(__file__).resolve().parents[2] / "man/agent-registrar.8").read_text()
    for name in re.findall(r'\.name = "([a-z-]+)"', source):
        assert f"--{name}" in text, name
        assert f"Fl -{name}" in manual, name


def test_configuration_test(directory):
    done = run("-D", directory, "-t", "serve")
    assert done.returncode == 0 and "0 agents" in done.stderr
    assert run("-D", directory / "none", "-n", "-t", "serve").returncode == 78
    (directory / "etc" / "sslmanager.key").write_text("rubbish")
    assert run("-D", directory, "-n", "-t", "serve").returncode == 78


def test_options_of_ossec_authd(directory, tmp_path):
    """All at once, with paths of their own."""
    etc = directory / "etc"
    for old, new in (("sslmanager.cert", "c"), ("sslmanager.key", "k"), ("authd.pass", "p")):
        (etc / old).rename(tmp_path / new)
    password = (tmp_path / "p").read_text().strip()
    with serving(
        directory, "-d", "-i", "-g", "0", "-x", tmp_path / "c", "-k", tmp_path / "k", "-P",
        tmp_path / "p", "-c", "HIGH", "--timeout", "20", "--max-connections", "10"
    ) as registrar:
        assert registrar.ask(f"OSSEC PASS: {password} OSSEC A:'web'\n").agent[2] == "127.0.0.1"


@pytest.mark.parametrize(
    "dialect,answer",
    [("ossec", ([], "eof")),
     ("wazuh", (["ERROR: Invalid password. Unable to add agent"], "close_notify"))],
)
def test_password(directory, dialect, answer):
    password = (directory / "etc" / "authd.pass").read_text().strip()
    with serving(directory, "-d", "--dialect", dialect) as registrar:
        assert registrar.ask(f"OSSEC PASS: {password} OSSEC A:'web'\n").agent
        for wrong in (
            "OSSEC A:'no'\n",
            "OSSEC PASS: x OSSEC A:'no'\n",
            f"OSSEC PASS: {password}x OSSEC A:'no'\n",
            f"OSSEC PASS: {password.swapcase()} OSSEC A:'no'\n",
            f"OSSEC PASS:  {password} OSSEC A:'no'\n",
        ):
            assert registrar.ask(wrong) == answer, wrong
        assert len(registrar.keys()) == 1
        registrar.wait_for_line("Refused .*Invalid password")
        assert password not in registrar.log


@pytest.mark.parametrize(
    "content", [None, "", "\n", "\nsecond\n", "s3cret\r\n", "s3cret\r\nsecond\n", "x" * 5000]
)
def test_unusable_password_file(directory, content):
    path = directory / "etc" / "authd.pass"
    path.unlink()
    if content is not None:
        path.write_text(content, newline="")
    done = run("-D", directory, "-p", "0", "serve")
    assert done.returncode == 78
    assert "password file" in done.stderr and "-n" in done.stderr


def test_first_line_of_the_password_file_counts(directory):
    (directory / "etc" / "authd.pass").write_text("s3cret\nsecond\n")
    with serving(directory) as registrar:
        assert registrar.ask("OSSEC PASS: s3cret OSSEC A:'web'\n").agent
        assert not registrar.ask("OSSEC PASS: second OSSEC A:'web'\n").agent


def test_byte_order_mark_is_no_part_of_the_password(directory):
    (directory / "etc" / "authd.pass").write_text("\ufeffs3cret\n")
    with serving(directory) as registrar:
        assert registrar.ask("OSSEC PASS: s3cret OSSEC A:'web'\n").agent


def test_exposed_password_file(directory):
    (directory / "etc" / "authd.pass").chmod(0o644)
    assert "world-readable" in run("-D", directory, "-t", "serve").stderr


# ------------------------------------------------------------------ listening


def test_port_zero_and_port_in_use(directory):
    with serving(directory, "-n") as registrar:
        assert re.search(rf"Listening on 127\.0\.0\.1 port {registrar.port}$", registrar.log,
                         re.MULTILINE)
        done = run("-D", directory, "-n", "--listen", "127.0.0.1", "-p", registrar.port, "serve")
        assert done.returncode == 1 and "Address already in use" in done.stderr


def test_both_families_by_default(directory):
    process = subprocess.Popen([PROGRAM, "-D", directory, "-n", "-i", "-p", "0", "serve"],
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            match = re.search(r"Listening on (\S+) port (\d+)", line)
            if match:
                break
        host = socket.create_connection(("127.0.0.1", int(match[2])), PATIENCE)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(host) as tls:
            tls.sendall(b"OSSEC A:'web'\n")
            assert b"'1024 web 127.0.0.1 " in tls.recv(4096)  # not ::ffff:127.0.0.1
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_several_addresses(directory):
    with serving(directory, "-n", "--listen", "127.0.0.2") as registrar:
        registrar.wait_for_line(r"Listening on 127\.0\.0\.2 port \d+")
        assert registrar.register("web")
    assert run("-D", directory, "-n", "--listen", "example.org", "serve").returncode == 64


ACTIVATE = """
import os, sys
os.environ["LISTEN_FDS"] = sys.argv[1]
os.environ["LISTEN_PID"] = str(os.getpid())
fd = int(sys.argv[2])
os.dup2(fd, 3, inheritable=True) if fd != 3 else os.set_inheritable(3, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


def test_socket_activation(directory):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        program = [sys.executable, "-c", ACTIVATE, "1", str(listener.fileno()), PROGRAM]
        with serving(directory, "-n", program=program, pass_fds=(listener.fileno(),)) as registrar:
            assert registrar.port == port
            assert registrar.register("web")
        # the socket is not ours to close: whoever passed it still has it
        assert socket.create_connection(("127.0.0.1", port), PATIENCE).close() is None


def test_passed_socket_that_is_none(directory, tmp_path):
    with open(tmp_path / "file", "w", encoding="ascii") as file:
        done = subprocess.run(
            [sys.executable, "-c", ACTIVATE, "1", str(file.fileno()), PROGRAM, "-D", directory,
             "-n", "serve"],
            pass_fds=(file.fileno(),),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 1 and "not a listening stream socket" in done.stderr


def test_notifies_systemd(directory, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(PATIENCE)
        with serving(
            directory, "-n", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}
        ) as registrar:
            assert notify.recv(4096).startswith(b"READY=1\nSTATUS=0 agents")
            registrar.register("web")
            assert b"STATUS=1 agents; since the start 1 registered, 0 refused" in notify.recv(4096)
            assert registrar.stop() == 0
            messages = b""
            while b"STOPPING=1" not in messages:
                messages += notify.recv(4096)


def drained(notify, stop):
    """The messages that arrive until `stop` does."""
    messages = []
    while stop not in (messages or [b""])[-1]:
        messages.append(notify.recv(4096))
    return messages


@pytest.mark.skipif("ASAN_OPTIONS" in os.environ, reason="takes too long with sanitizers")
def test_tells_that_it_reads_many_agents(directory, tmp_path):
    """Where that takes more than a second, as it does on most machines."""
    keys = directory / "etc" / "client.keys"
    with open(keys, "w", encoding="ascii") as file:
        for number in range(1, 1000001):
            file.write(f"{number:03} agent-{number} any {number:064x}\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(PATIENCE)
        with serving(
            directory, "-n", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}
        ) as registrar:
            messages = drained(notify, b"READY=1")
            if len(messages) > 1:
                registrar.wait_for_line(r"Read \S+/client\.keys: 1000000 agents in \d+ s")
    keys.unlink()  # it is large
    if len(messages) == 1:
        pytest.skip("this machine reads a million agents within a second")
    path = re.escape(str(keys)).encode()
    for message in messages[:-1]:
        assert re.fullmatch(rb"STATUS=Reading " + path + rb": \d\d? %\n"
                            rb"EXTEND_TIMEOUT_USEC=60000000", message)
    assert registrar.log.count("agents are registered when it is read") >= 1


def test_stops_on_sigint(directory):
    registrar = Registrar(directory, "-n")
    registrar.process.send_signal(2)
    assert registrar.stop() == 0


# ------------------------------------------------------------------ --init


def snapshot(place):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (place / "etc").iterdir()
        if path.is_file()
    }


def test_init_twice(tmp_path):
    place = tmp_path / "new"
    first = run("-D", place, "--init")
    assert first.returncode == 0
    made = snapshot(place)
    assert set(made) == {"sslmanager.cert", "sslmanager.key", "authd.pass"}
    assert "init --dialect ossec or init --dialect wazuh" in first.stderr
    second = run("-D", place, "init")
    assert second.returncode == 0 and "Created" not in second.stdout
    assert snapshot(place) == made
    pin = re.search(r"^pin = sha256//[A-Za-z0-9+/]{43}=$", first.stdout, re.MULTILINE)
    assert pin and pin.group(0) in second.stdout


def test_init_modes_and_password(tmp_path):
    old = os.umask(0o777)
    try:
        os.mkdir(tmp_path / "umask", 0o755)
    finally:
        os.umask(old)
    prepare(tmp_path / "m")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "m" / "etc").iterdir()
    }
    assert modes == {"sslmanager.cert": 0o644, "sslmanager.key": 0o600, "authd.pass": 0o640,
                     "agent-registrar.dialect": 0o644}
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}\n", (tmp_path / "m" / "etc" / "authd.pass").read_text())


def test_init_certificate(tmp_path):
    prepare(tmp_path, "--name", "manager.example.org", "--name", "192.0.2.7", "--name",
            "2001:db8::7", "-n")
    certificate = tmp_path / "etc" / "sslmanager.cert"
    assert not (tmp_path / "etc" / "authd.pass").exists()
    with serving(tmp_path, "-n") as registrar:
        for name in ("localhost", "127.0.0.1", "::1", "manager.example.org", "192.0.2.7",
                     "2001:db8::7", socket.gethostname()):
            context = ssl.create_default_context(cafile=certificate)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            with context.wrap_socket(registrar.connect(), server_hostname=name) as tls:
                assert tls.version() == "TLSv1.3"
    bad = run("-D", tmp_path / "x", "--init", "--name", "not a name")
    assert bad.returncode == 78 and not (tmp_path / "x" / "etc" / "sslmanager.cert").exists()


def test_init_pin_is_that_of_the_key(tmp_path):
    openssl = need("openssl")
    out = run("-D", tmp_path, "--init").stdout
    digest = subprocess.run(
        f"{openssl} x509 -in {tmp_path}/etc/sslmanager.cert -noout -pubkey | {openssl} pkey -pubin "
        f"-outform der | {openssl} dgst -sha256 -binary | {openssl} base64",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert f"pin = sha256//{digest}" in out


def test_init_keeps_a_key_and_refuses_a_lone_certificate(tmp_path):
    prepare(tmp_path)
    etc = tmp_path / "etc"
    pin = re.search("pin = .*", run("-D", tmp_path, "--init").stdout).group(0)
    (etc / "sslmanager.cert").unlink()
    assert pin in run("-D", tmp_path, "--init").stdout
    (etc / "sslmanager.key").unlink()
    done = run("-D", tmp_path, "--init")
    assert done.returncode == 78 and "private key" in done.stderr


def test_init_and_serve(tmp_path):
    done = run("-D", tmp_path / "new", "--init", "serve")
    assert done.returncode == 64 and "--dialect ossec or --dialect wazuh" in done.stderr
    assert not (tmp_path / "new").exists()
    with serving(tmp_path / "new", "--init", "--dialect", "ossec") as registrar:
        password = (tmp_path / "new" / "etc" / "authd.pass").read_text().strip()
        assert registrar.ask(f"OSSEC PASS: {password} OSSEC A:'web'\n").agent
        assert password not in registrar.log


def test_missing_certificate(tmp_path):
    (tmp_path / "etc").mkdir()
    done = run("-D", tmp_path, "-n", "--dialect", "ossec", "serve")
    assert done.returncode == 78 and "sslmanager.cert" in done.stderr
