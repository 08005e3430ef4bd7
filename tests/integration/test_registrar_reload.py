# SPDX-License-Identifier: ISC
"""SIGHUP: agent-registrar reads certificate, key, password and users again, and closes nothing."""
import shutil
import signal
import ssl

import api_tools
import machine as machine_module
import pytest
from registrar_tools import prepare, serving

LOADED = "Certificate, private key, password and users were reloaded"
NOT_LOADED = "Nothing was reloaded, and the old files stay in use: "


@pytest.fixture
def manager(tmp_path):
    """Its directory, and another with another certificate, key and password."""
    prepare(tmp_path / "manager")
    prepare(tmp_path / "other")
    return tmp_path / "manager"


@pytest.fixture
def other(manager):
    return manager.parent / "other"


def password(directory):
    return (directory / "etc" / "authd.pass").read_text().strip()


def certificate(directory):
    return ssl.PEM_cert_to_DER_cert((directory / "etc" / "sslmanager.cert").read_text())


def take(manager, other, *names):
    for name in names or ("sslmanager.cert", "sslmanager.key", "authd.pass"):
        shutil.copy(other / "etc" / name, manager / "etc" / name)


def reload(registrar, pattern):
    before = len(registrar.lines)
    registrar.process.send_signal(signal.SIGHUP)
    return registrar.wait_for_line(pattern, before)


def request(name, directory_password):
    return f"OSSEC PASS: {directory_password} OSSEC A:'{name}'\n"


def test_everything_new(manager, other):
    old = password(manager)
    with serving(manager) as registrar:
        assert registrar.ask(request("first", old)).agent
        with registrar.open() as early:
            assert early.tls.getpeercert(True) == certificate(manager)
            early.send("OSSEC PASS: ")  # its request has begun
            take(manager, other)
            reload(registrar, LOADED)
            early.send(f"{password(other)} OSSEC A:'early'\n")
            assert early.reply().agent[1] == "early"
        with registrar.open() as late:
            assert late.tls.getpeercert(True) == certificate(other)
            late.send(request("late", password(other)))
            assert late.reply().agent[1] == "late"
        assert not registrar.ask(request("outdated", old)).agent
        registrar.wait_for_line(r"Invalid password \(agent outdated\)")


BROKEN = {
    "certificate": ("sslmanager.cert", "no certificate", "sslmanager.cert"),
    "key": ("sslmanager.key", "no key", "sslmanager.key"),
    "key of another certificate": ("sslmanager.key", None, "sslmanager"),
    "password": ("authd.pass", "", "authd.pass is empty"),
    "users": ("api.users", "no user", "api.users"),
}


@pytest.mark.parametrize("name, text, words", BROKEN.values(), ids=BROKEN.keys())
def test_broken_file(manager, other, name, text, words):
    """One error; nothing of the new files is used, also of those that are right."""
    old, before = password(manager), certificate(manager)
    api_tools.write_users(manager, {api_tools.USER: api_tools.PASSWORD})
    with serving(manager, "--api-port", "0") as registrar:
        if text is None:
            shutil.copy(other / "etc" / name, manager / "etc" / name)
        else:
            take(manager, other)
            (manager / "etc" / name).write_text(text)
        assert words in reload(registrar, NOT_LOADED + ".*").group(0)
        with registrar.open() as client:
            assert client.tls.getpeercert(True) == before
            client.send(request("web", old))
            assert client.reply().agent
        assert registrar.log.count("error: ") == 1, registrar.log
        # and put right, it is used
        take(manager, other)
        api_tools.write_users(manager, {api_tools.USER: api_tools.PASSWORD})
        reload(registrar, LOADED)
        with registrar.open() as client:
            assert client.tls.getpeercert(True) == certificate(other)


def test_connection_to_the_api_stays(manager, other):
    with api_tools.serving(manager) as registrar, api_tools.Client(registrar) as client:
        client.log_in()
        take(manager, other)
        reload(registrar, LOADED)
        assert client.ask("GET", "/agents").status == 200
        with api_tools.raw(registrar) as tls:
            assert tls.getpeercert(True) == certificate(other)


def test_what_systemd_hears(manager, tmp_path):
    listener = machine_module.NotifySocket(tmp_path)
    try:
        with serving(manager, environment=listener.environment) as registrar:
            listener.until("READY=1")
            registrar.process.send_signal(signal.SIGHUP)
            messages = listener.until("READY=1")
            assert any(message.startswith("RELOADING=1\nMONOTONIC_USEC=") for message in messages)
    finally:
        listener.close()


def test_many_times_under_load(manager, other):
    """Registrations go on while the files change."""
    with serving(manager, "-n") as registrar:
        for i in range(30):
            take(manager, other)
            registrar.process.send_signal(signal.SIGHUP)
            assert registrar.register(f"web-{i}")
        assert len(registrar.keys()) == 30
