# SPDX-License-Identifier: ISC
"""What the integration tests share. Everything lives in a directory of its own and listens on a
port of its own."""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile

import admin_tools
import agent_auth as agent_auth_module
import agents_conf as agents_conf_module
import certificates as certificates_module
import chosen_cases
import enroll_tools
import enrolling
import fake_journal
import fake_manager
import machine as machine_module
import proxies
import pytest
import registrar_tools
import token_tools
import wazuh5_manager


@pytest.hookimpl(trylast=True)  # what was asked for by -k is left out already
def pytest_collection_modifyitems(config, items):
    chosen_cases.choose(config, items)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return certificates_module.Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def machine(certificates):
    # Not tmp_path: other users must be able to look into it, and nothing may be left behind.
    directory = tempfile.mkdtemp(prefix="agent-register-test.")
    os.chmod(directory, 0o755)
    machine_of_test = machine_module.Machine(directory, certificates)
    yield machine_of_test
    machine_of_test.close()
    shutil.rmtree(directory)


@pytest.fixture
def start_manager(certificates):
    """Start a fake_manager.Manager: start_manager(SCRIPT, certificate=NAME or PAIR, address=...,
    lowest=..., ...)."""
    managers = []

    def start(script=None, certificate="good", **options):
        pair = certificates.pair(certificate) if isinstance(certificate, str) else certificate
        managers.append(
            fake_manager.Manager(script or fake_manager.answer(machine_module.reply()), pair,
                                 **options)
        )
        return managers[-1]
    yield start
    for manager in managers:
        manager.close()


@pytest.fixture
def start_proxy(start_manager):
    """Start a proxy: start_proxy(SCRIPT, address=...)."""
    def start(script=None, **options):
        return start_manager(script or proxies.tunnel(), certificate=None, **options)
    return start


@pytest.fixture
def notify_socket(machine):
    listener = machine_module.NotifySocket(machine.directory)
    yield listener
    listener.close()


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture
def mount_namespace(as_root):  # pylint: disable=unused-argument
    """The test runs the program with mounts of its own (`before=` of Machine.start())."""
    if (
        subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "true"],
            capture_output=True,
            check=False,
        ).returncode
        != 0
    ):
        pytest.skip("needs unshare --mount")


@pytest.fixture
def journal(machine, mount_namespace):  # pylint: disable=unused-argument
    own = fake_journal.Journal(machine)
    yield own
    own.close()


@pytest.fixture
def call_machine(machine, as_root):  # pylint: disable=unused-argument
    """Give runs another host name: call_machine(NAME)."""
    if (
        subprocess.run(["unshare", "--uts", "true"], capture_output=True, check=False).returncode
        != 0
    ):
        pytest.skip("needs unshare --uts")
    command = machine.command
    set_and_run = ("import os, socket, sys; socket.sethostname(sys.argv[1]); "
                   "os.execv(sys.argv[2], sys.argv[2:])")

    def call(name):
        machine.command = lambda *arguments, **options: [
            "unshare", "--uts", sys.executable, "-c", set_and_run, name,
            *command(*arguments, **options)
        ]
    return call


@pytest.fixture
def ipv6():
    with open("/proc/net/if_inet6", encoding="ascii") as table:
        if "00000000000000000000000000000001" not in table.read():
            pytest.skip("needs IPv6 on loopback")


@pytest.fixture
def full_backlog():
    """Make a fake_manager.FullBacklog: full_backlog(ADDRESS, PORT)."""
    opened = []

    def make(*arguments):
        opened.append(fake_manager.FullBacklog(*arguments))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


@pytest.fixture
def silent_resolver(machine, mount_namespace):  # pylint: disable=unused-argument
    """A name server that hears every question and answers none: shell commands, and its socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.settimeout(20)
        address = f"127.{os.getpid() >> 16 & 63 | 64}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        server.bind((address, 53))  # an address of this process: tests run in parallel
        resolver = machine.write("resolv.conf", f"nameserver {address}\n")
        switch = machine.write("nsswitch.conf", "hosts: dns\n")
        yield (
            f"mount --bind {machine_module.shell_words(resolver)} /etc/resolv.conf\n"
            f"if [ -e /etc/nsswitch.conf ]; then mount --bind "
            f"{machine_module.shell_words(switch)} /etc/nsswitch.conf; fi"
        ), server


@pytest.fixture
def agents_conf(machine):
    """The agent's own ossec.conf."""
    return agents_conf_module.AgentsConf(machine)


@pytest.fixture
def enrollment(machine):
    if not os.path.exists(
        os.path.join(os.path.dirname(machine_module.AGENT_REGISTER), "agent-register-https.so")
    ):
        pytest.skip("needs a build with the module (not --without-api)")
    return enroll_tools.Enrollment(machine)


@pytest.fixture
def serve_enrolling(directory, certificates, enrollment):
    """Start a registrar with our certificate and its CA: serve_enrolling(ARGUMENTS...,
    password=..., certificate=NAME)."""
    del enrollment  # which skips in a build --without-api
    with contextlib.ExitStack() as started:
        def start(*arguments, certificate=None, **options):
            pair = certificates.pair(certificate) if certificate else certificates.chain("good")
            return started.enter_context(
                enrolling.serving_enrollments(directory, pair, *arguments, **options))
        yield start


@pytest.fixture
def start_wazuh5(certificates):
    """Start a wazuh5_manager.Wazuh5Manager that hands out the CA: start_wazuh5(certificate=NAME,
    password=..., ...)."""
    managers = []

    def start(certificate="good", **options):
        if "cacerts" not in options:
            with open(certificates.ca(), "rb") as file:
                options["cacerts"] = file.read()
        managers.append(wazuh5_manager.Wazuh5Manager(certificates.pair(certificate), **options))
        return managers[-1]
    yield start
    for each in managers:
        each.close()


@pytest.fixture
def ca_pin(certificates):
    """What an enrollment token has for its pin."""
    return wazuh5_manager.spki_pin(certificates.ca())


@pytest.fixture
def agent_auth(machine):
    """agent-register under the name of agent-auth."""
    return agent_auth_module.AgentAuth(os.path.join(machine.directory, "agent"),
                                       machine.certificates)


@pytest.fixture
def credentials(machine):
    """The credentials of a service: put(NAME, CONTENT)."""
    return machine_module.Credentials(machine)


@pytest.fixture
def chattr(machine, as_root):  # pylint: disable=unused-argument
    """Mark a file of the machine: chattr(FLAG, PATH). The marks are taken off at the end."""
    marked = []

    def mark(flag, path):
        done = subprocess.run(["chattr", f"+{flag}", path], capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("needs a file system with chattr")
        marked.append((flag, path))
    yield mark
    for flag, path in marked:
        subprocess.run(["chattr", f"-{flag}", path], check=True)


@pytest.fixture
def directory(tmp_path):
    """A registrar's directory, with certificate, key and password, in OSSEC's dialect."""
    registrar_tools.prepare(tmp_path / "manager")
    return tmp_path / "manager"


@pytest.fixture
def registrar(directory):
    """A registrar without a password, in OSSEC's dialect."""
    with registrar_tools.serving(directory, "-n") as running:
        yield running


@pytest.fixture
def wazuh(directory):
    """A registrar without a password, in Wazuh's dialect."""
    with registrar_tools.serving(directory, "-n", "--dialect", "wazuh") as running:
        yield running


@pytest.fixture
def admin(directory):
    return admin_tools.Admin(directory)


@pytest.fixture
def tokens(admin, certificates):
    return token_tools.Tokens(admin, certificates)
