# SPDX-License-Identifier: ISC
"""agent-registrar under the names ossec-authd and wazuh-authd: their options, no command, and the
background without -f."""

import os
import re
import select
import signal
import socket
import subprocess

import pytest

from ports import port_to_listen_on
from registrar_tools import PATIENCE, PROGRAM, Client, Registrar, need, prepare

NAMES = pytest.mark.parametrize("name", ["ossec-authd", "wazuh-authd"])


@pytest.fixture(name="call")
def fixture_call(directory, tmp_path):
    """Call it by a name, as a script would: call(NAME, ARGUMENT...)."""
    def run(name, *arguments, **options):
        if not (tmp_path / name).exists():
            (tmp_path / name).symlink_to(PROGRAM)
        where = ["-D", directory] if "-D" not in arguments else []
        return subprocess.run([tmp_path / name, *where, *map(str, arguments)], text=True,
                              capture_output=True, timeout=PATIENCE, **options)
    return run


def register(port, request):
    with Client(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        client.send(request)
        return client.reply()


@pytest.fixture(name="background")
def fixture_background(call, directory):
    """Start it without -f; the port. It is gone at the end, and so is its pid file."""
    place = directory / "var" / "run"
    place.mkdir(parents=True)
    (directory / "logs").mkdir()
    (directory / "logs" / "ossec.log").touch()

    def start(name, *arguments):
        port = port_to_listen_on()
        done = call(name, *arguments, "-p", port)
        assert done.returncode == 0, done
        return port
    yield start
    for path in place.iterdir():
        number = int(path.read_text())
        assert path.name in (f"ossec-authd-{number}.pid", f"wazuh-authd-{number}.pid")
        process = os.pidfd_open(number)
        signal.pidfd_send_signal(process, signal.SIGTERM)
        assert select.select([process], [], [], PATIENCE)[0]
        os.close(process)
        assert not path.exists()


# ------------------------------------------------------------------ in the background


def test_ossec_in_the_background(background, directory):
    """When the caller goes on, agents can register; the password is that of the file."""
    port = background("ossec-authd")
    password = (directory / "etc" / "authd.pass").read_text().strip()
    assert register(port, f"OSSEC PASS: {password} OSSEC A:'web'\n").agent[0] == "1024"
    assert not register(port, "OSSEC A:'db'\n").records
    assert [entry.name for entry in (directory / "var" / "run").iterdir()][0].startswith(
        "ossec-authd-")


def test_wazuh_in_the_background(background):
    port = background("wazuh-authd")
    assert register(port, "OSSEC A:'web'\n").agent[0] == "001"
    assert register(port, "OSSEC A:'web'\n").records == [
        "ERROR: Duplicate agent name: web. Unable to add agent"]


def test_all_letters_at_once(background):
    assert register(background("ossec-authd", "-dn", "-i", "-uossec", "-g0"),
                    "OSSEC A:'web'\n").agent[2] == "127.0.0.1"


def test_failure_is_the_callers(call, directory):
    """Before it is in the background: the reason is on the caller's standard error."""
    with socket.create_server(("0.0.0.0", 0)) as taken:
        done = call("ossec-authd", "-n", "-p", taken.getsockname()[1])
        assert done.returncode == 1 and "in use" in done.stderr
    (directory / "etc" / "authd.pass").unlink()
    done = call("ossec-authd", "-p", port_to_listen_on())
    assert done.returncode == 1 and f"agent-registrar -D {directory} init" in done.stderr
    (directory / "etc" / "sslmanager.key").unlink()
    done = call("wazuh-authd", "-p", port_to_listen_on())
    assert done.returncode == 1 and "sslmanager.key" in done.stderr


# ------------------------------------------------------------------ in the foreground


@NAMES
def test_foreground(directory, tmp_path, name):
    (tmp_path / name).symlink_to(PROGRAM)
    running = Authd(tmp_path / name, directory, *(["-n"] if name == "ossec-authd" else []))
    try:
        assert register(running.port, "OSSEC A:'web'\n").agent[0] == (
            "1024" if name == "ossec-authd" else "001")
    finally:
        assert running.stop() == 0
    assert f"{name}: Registered web as" in running.log


class Authd(Registrar):
    """Called by another name, which has neither --listen nor the command serve."""

    def __init__(self, path, directory, *arguments):
        super().__init__(directory, program=["sh", "-c", 'exec "$0" -f -D "$2" -p "$P" $A', path],
                         environment={"P": str(port_to_listen_on()), "A": " ".join(arguments)})


# ------------------------------------------------------------------ options


@NAMES
def test_test(call, directory, name):
    assert call(name, "-t").returncode == 0
    (directory / "etc" / "sslmanager.cert").unlink()
    done = call(name, "-t")
    assert done.returncode == 1 and "sslmanager.cert" in done.stderr


def test_paths_are_relative_to_the_directory(call, directory):
    for old, new in (("sslmanager.cert", "our.cert"), ("sslmanager.key", "our.key")):
        (directory / "etc" / old).rename(directory / "etc" / new)
    assert call("ossec-authd", "-t").returncode == 1
    assert call("ossec-authd", "-t", "-x", "etc/our.cert", "-k", "etc/our.key").returncode == 0
    assert call("ossec-authd", "-t", "-x", "etc/our.cert", "-k", "etc/our.key", "-D",
                os.path.relpath(directory)).returncode == 0


@pytest.mark.parametrize("name,arguments,text", [
    ("ossec-authd", ["-a"], "ossec-authd: invalid option -- 'a'"),
    ("ossec-authd", ["-P"], "ossec-authd: invalid option -- 'P'"),
    ("ossec-authd", ["-p"], "ossec-authd: option requires an argument -- 'p'"),
    ("ossec-authd", ["-p", "0"], "ossec-authd: Invalid port: 0"),
    ("wazuh-authd", ["-n"], "wazuh-authd: invalid option -- 'n'"),
    ("wazuh-authd", ["-C", "365"], "Certificate key size not defined."),
    ("wazuh-authd", ["-C", "0", "-B", "2048", "-K", "k", "-X", "x", "-S", "/CN=a"], "-C needs"),
    ("ossec-authd", ["-C", "365"], "ossec-authd: invalid option -- 'C'"),
    ("wazuh-authd", ["-D", "/nonexistent"], "Unable to change to the directory '/nonexistent'"),
])
def test_wrong_options(call, name, arguments, text):
    done = call(name, *arguments)
    assert done.returncode == 1 and text in done.stderr
    assert "serve" not in done.stderr


@pytest.mark.parametrize("name,arguments", [
    ("ossec-authd", ["-n", "-d", "-i", "-f", "-c", "HIGH", "-u", "ossec", "-g", "0", "ignored"]),
    ("wazuh-authd", ["-P", "-a", "-L", "-i", "-F", "3600", "-r", "x", "-d", "-f"]),
    ("wazuh-authd", ["-F", "no"]),
])
def test_options_that_are_taken(call, name, arguments):
    done = call(name, "-t", *arguments)
    assert done.returncode == 0, done.stderr
    assert "Configuration OK" in done.stderr


@NAMES
def test_help_and_version(call, name):
    assert f"Usage: {name} [OPTION...]" in call(name, "-h").stdout
    assert re.fullmatch(r"\S+ .*\d+\.\d+.*\n", call(name, "-V").stdout)


def test_source_address_and_force(background, directory):
    """What -i and -F meant before Wazuh 4.3."""
    port = background("wazuh-authd", "-i", "-F", "0")
    assert register(port, "OSSEC A:'web'\n").agent[::2] == ("001", "127.0.0.1")
    assert register(port, "OSSEC A:'web'\n").agent[0] == "002"
    assert "001 !web" in (directory / "etc" / "client.keys").read_text()


# ------------------------------------------------------------------ <auth>


def configure(directory, block):
    (directory / "etc" / "ossec.conf").write_text(
        f"<ossec_config>\n  <global/>\n</ossec_config>\n<ossec_config>\n{block}\n</ossec_config>\n")


def test_block_stands_for_options(background, directory):
    configure(directory, """<auth>
    <!-- <disabled>yes</disabled> -->
    <disabled>no</disabled> <port>1</port> <use_source_ip> yes </use_source_ip>
    <use_password>yes</use_password>
    <force><enabled>yes</enabled><disconnected_time enabled="no">1h</disconnected_time>
      <after_registration_time>0</after_registration_time></force>
    </auth>""")
    port = background("wazuh-authd")
    password = (directory / "etc" / "authd.pass").read_text().strip()
    assert "Invalid password" in register(port, "OSSEC A:'web'\n").records[0]
    for number in ("001", "002"):
        agent = register(port, f"OSSEC PASS: {password} OSSEC A:'web'\n").agent
        assert agent[0] == number and agent[2] == "127.0.0.1"


def test_disabled_block(call, directory):
    """As with the original: nothing to do, unless it has to stay in the foreground."""
    configure(directory, "<auth><disabled>yes</disabled></auth>")
    done = call("wazuh-authd", "-p", port_to_listen_on())
    assert done.returncode == 0 and not done.stderr
    assert "Configuration OK" in call("wazuh-authd", "-t", "-f").stderr
    assert "Configuration OK" in call("ossec-authd", "-t").stderr


def test_block_without_force(background, directory):
    configure(directory, "<auth><force><enabled>no</enabled></force></auth>")
    port = background("wazuh-authd")
    assert register(port, "OSSEC A:'web'\n").agent
    assert not register(port, "OSSEC A:'web'\n").agent


def test_certificate_from_the_block(call, directory):
    configure(directory, "<auth><ssl_manager_cert>etc/other.cert</ssl_manager_cert></auth>")
    assert "etc/other.cert" in call("wazuh-authd", "-t").stderr
    assert call("wazuh-authd", "-t", "-x", "etc/sslmanager.cert").returncode == 0


def test_certificate(call, directory):
    """As Wazuh's package makes one; and it serves."""
    names = [directory / "etc" / name for name in ("sslmanager.key", "sslmanager.cert")]
    for name in names:
        name.unlink()
    done = call("wazuh-authd", "-C", 365, "-B", 2048, "-K", names[0], "-X", names[1], "-S",
                "/C=US/ST=California/CN=Wazuh/")
    assert (done.returncode, done.stderr) == (0, "")
    assert names[0].stat().st_mode & 0o777 == 0o600
    command = [need("openssl"), "x509", "-in", names[1], "-noout", "-subject", "-text"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "subject=C=US,ST=California,CN=Wazuh\n" in shown.replace(" ", "")
    assert "Public-Key: (2048 bit)" in shown and "CA:TRUE" in shown
    assert call("wazuh-authd", "-t").returncode == 0


def test_fresh_directory(tmp_path, call):
    """init makes what it needs."""
    prepare(tmp_path / "other")
    assert call("ossec-authd", "-t", "-D", tmp_path / "other").returncode == 0
