# SPDX-License-Identifier: ISC
"""agent-register-deregister.service when its manager cannot be asked: the machine is powered off in
time, and what it keeps is what its next boot needs."""
import contextlib
import socket
import threading

import end_of_life
import nspawn
import pytest
from scripted_api_manager import CONFIG, PASSWORD

# seconds; the program gives up after 40, and its unit has 50. What it waits for here has no end.
IN_TIME = 75
LIFETIME = 300
QUICK = "[manager]\nconnect_timeout = 2 s\nattempt_timeout = 2 s\n"


def configuration(more=QUICK):
    return f"{CONFIG}{more}"


@pytest.fixture(name="mortal")
def fixture_mortal(new_machine):
    machine = new_machine(lifetime=LIFETIME)
    end_of_life.enable(machine)
    machine.configure(configuration(), password=PASSWORD)
    return machine


def key_of(machine):
    return machine.read("/var/ossec/etc/client.keys")


def stays_registered(machine, api, key):
    """The next boot has nothing to ask, and its agent starts with the key that the manager
    knows."""
    assert key_of(machine) == key
    registrations = end_of_life.registrations(api)
    with machine.boot() as system:
        end_of_life.booted(system)
        log = end_of_life.log_of_the_last_boot(system)
    assert end_of_life.registrations(api) == registrations
    assert [start[-1] + "\n" for start in machine.agent_starts()] == [key, key]
    return log


@contextlib.contextmanager
def silent_port(machine, port=55000):
    """Whose connections the kernel accepts, and nobody else."""
    listener = machine.call_at_manager(
        lambda: socket.create_server((nspawn.MANAGER_ADDRESS, port), backlog=64))
    with listener:
        yield


def test_manager_that_accepts_and_says_nothing(mortal, start_api):
    api = start_api(mortal, answer=end_of_life.answer)
    with mortal.boot() as system:
        end_of_life.booted(system)
        key = key_of(mortal)
        api.close()
        with silent_port(mortal):
            system.shut_down(IN_TIME)
    api = start_api(mortal, answer=end_of_life.answer)
    assert "TLS handshake" in stays_registered(mortal, api, key)


def test_manager_that_is_filtered(mortal, start_api):
    """Its packets arrive nowhere, and nothing says so."""
    api = start_api(mortal, answer=end_of_life.answer)
    with mortal.boot() as system:
        end_of_life.booted(system)
        key = key_of(mortal)
        mortal.filter(True)
        system.shut_down(IN_TIME)
    mortal.filter(False)
    log = stays_registered(mortal, api, key)
    assert "Cannot connect to manager.example:55000" in log and "timed out" in log, log


def test_all_of_it_has_a_limit(mortal, start_api):
    """Of two managers, each of which would have less than that."""
    mortal.configure(configuration("[manager]\naddress = manager.example:55001\n"
                                   "connect_timeout = 30 s\n"), password=PASSWORD)
    api = start_api(mortal, answer=end_of_life.answer)
    with mortal.boot() as system:
        end_of_life.booted(system)
        key = key_of(mortal)
        api.close()
        with silent_port(mortal), silent_port(mortal, 55001):
            system.shut_down(IN_TIME)
    api = start_api(mortal, answer=end_of_life.answer)
    log = stays_registered(mortal, api, key)
    assert log.count("did not finish the TLS handshake") == 2, log
    assert "code=exited, status=75/TEMPFAIL" in log, log  # systemd did not have to kill it


@pytest.mark.parametrize("removes", [True, False], ids=["removed", "not removed"])
def test_answer_that_is_lost(removes, mortal, start_api):
    """The manager may have removed the agent or not. With the key of an agent that is gone, the
    agent would never get in again; so the next boot registers."""
    over, asked, agents = threading.Event(), [], set()

    def answer(request):
        if request.startswith("POST /agents "):
            agents.add("007")
        if request.startswith("DELETE "):
            asked.append(request)
            if removes:
                agents.clear()
            over.wait(LIFETIME)
        return end_of_life.answer(request)
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        end_of_life.booted(system)
        system.shut_down(IN_TIME)
    over.set()
    assert len(asked) == 1 and not mortal.has_key()
    assert agents == (set() if removes else {"007"})
    with mortal.boot() as system:
        end_of_life.booted(system)
        log = end_of_life.log_of_the_last_boot(system)
    assert "Agent web-01 (id 007) may have been removed or not" in log
    assert len(end_of_life.registrations(api)) == 2


def test_killed_by_systemd(mortal, start_api):
    """Should the program not end in its time, its unit does; no file is left half-way."""
    mortal.configure(configuration(""), password=PASSWORD)
    mortal.write(f"/etc/systemd/system/{end_of_life.UNIT}.service.d/limit.conf",
                 "[Service]\nTimeoutStopSec=1s\n")
    api = start_api(mortal, answer=end_of_life.answer)
    with mortal.boot() as system:
        end_of_life.booted(system)
        key = key_of(mortal)
        api.close()
        with silent_port(mortal):
            system.shut_down(IN_TIME)
    assert [path.name for path in mortal.path("/var/ossec/etc").iterdir()] == ["client.keys"]
    api = start_api(mortal, answer=end_of_life.answer)
    stays_registered(mortal, api, key)


# ------------------------------------------------------------------ credentials

CREDENTIALS = {
    "password": ("agent-register.api-password", "api_password_file = /etc/agent-register/password",
                 lambda _: PASSWORD),
    "CA": ("agent-register.ca", "ca_file = /etc/agent-register/ca.pem",
           lambda certificates: (certificates / "ca.pem").read_text().replace("\n", r"\n")),
}


@pytest.mark.parametrize("name, line, text", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_credentials_are_for_registrations_only(name, line, text, mortal, certificates, start_api):
    """systemd hands none to what stops a unit: the log says so, and that it takes a file."""
    mortal.configure(CONFIG.replace(line + "\n", ""), password=PASSWORD)
    api = start_api(mortal, answer=end_of_life.answer)
    credentials = {name: text(certificates)}
    with mortal.boot(credentials=credentials) as system:
        end_of_life.booted(system)
    assert end_of_life.removals(api) == [] and mortal.has_key()
    with mortal.boot(credentials=credentials) as system:
        end_of_life.booted(system)
        log = end_of_life.log_of_the_last_boot(system)
    assert "gets no credentials from systemd" in log and "must be in files" in log, log
