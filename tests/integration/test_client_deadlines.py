# SPDX-License-Identifier: ISC
"""Every step has a deadline, and every address of a name is tried."""
import contextlib
import socket
import threading

import pytest
from machine import EXIT_CODES, KEY, reply, shell_words
from fake_manager import answer
from ports import refusing_port
from silent_managers import (dripping, dripping_handshake, silent_after_the_handshake,
                             silent_after_the_request, silent_amid_a_record, silent_amid_the_answer,
                             silent_amid_the_handshake, silent_amid_the_prefix, silent_before_tls)

SILENCES = {
    "before TLS": (silent_before_tls, "unreachable", "did not finish the TLS handshake in time"),
    "amid the handshake": (silent_amid_the_handshake, "unreachable",
                           "did not finish the TLS handshake in time"),
    "dripping the handshake": (dripping_handshake, "unreachable",
                               "did not finish the TLS handshake in time"),
    "after the handshake": (silent_after_the_handshake, "busy",
                            "did not respond to the request in time"),
    "after the request": (silent_after_the_request, "busy",
                          "did not respond to the request in time"),
    "amid the answer": (silent_amid_the_answer, "busy", "stopped in the middle of its response"),
    "amid a record": (silent_amid_a_record, "busy", "did not respond to the request in time"),
    "amid the prefix": (silent_amid_the_prefix, "busy", "stopped in the middle of its response"),
    "dripping the answer": (dripping, "busy", "stopped in the middle of its response"),
}


@pytest.mark.parametrize("script, outcome, words", SILENCES.values(), ids=SILENCES.keys())
def test_silence(machine, start_manager, script, outcome, words):
    manager = start_manager(script)
    manager.pause = threading.Event()
    machine.install_key()
    result = machine.fails(outcome, manager.address, words, manager=manager, force=True,
                           settings={"manager.attempt_timeout": "700 ms"})
    assert result.seconds > 0.65
    assert len(manager.conversations) == 1


def test_silence_is_not_waited_for_when_another_manager_answers(machine, start_manager):
    silent, manager = start_manager(silent_after_the_request), start_manager()
    result = machine.register(manager=[silent, manager],
                              settings={"manager.attempt_timeout": "700 ms"})
    assert result.status == 0 and "did not respond" in result.failure, result


# ------------------------------------------------------------------ connecting


@pytest.mark.parametrize(
    "timeouts",
    [{"manager.connect_timeout": "700 ms"}, {"manager.attempt_timeout": "700 ms"}],
    ids=["connect_timeout", "attempt_timeout"],
)
def test_connecting_in_vain(machine, full_backlog, timeouts):
    machine.install_key()
    address = full_backlog().address
    result = machine.fails("unreachable", f"Cannot connect to {address}", "timed out",
                           manager=address, settings=timeouts, force=True)
    assert result.seconds > 0.65


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_refused_connection(machine, host, request):
    if host == "::1":
        request.getfixturevalue("ipv6")
    with refusing_port("127.0.0.1" if host == "localhost" else host) as port:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        machine.install_key()
        machine.fails("unreachable", f"Cannot connect to {address}", "Connection refused",
                      manager=address, force=True, within=2)


@pytest.mark.parametrize("form", ["[::1]:{port}", "::1"])
def test_ipv6(machine, start_manager, form, ipv6):
    manager = start_manager(address="::1")
    machine.registers(manager=form.format(port=manager.port),
                      settings={"manager.port": manager.port})


# ------------------------------------------------------------------ resolving


def with_hosts(machine, *lines):
    """Shell commands that give a run its own /etc/hosts, and no name server."""
    hosts = machine.write("hosts", "".join(f"{line}\n" for line in lines))
    switch = machine.write("nsswitch.conf", "hosts: files\npasswd: files\ngroup: files\n")
    return (
        f"mount --bind {shell_words(hosts)} /etc/hosts\n"
        f"if [ -e /etc/nsswitch.conf ]; then mount --bind {shell_words(switch)} "
        f"/etc/nsswitch.conf; fi"
    )


# The addresses of one name in their order; where the manager listens; where a backlog is full. All
# else refuses.
ADDRESSES = {
    "the only one": (["127.0.0.1"], "127.0.0.1", None),
    "first refuses": (["127.0.0.1", "127.0.0.2"], "127.0.0.2", None),
    "first silent": (["127.0.0.1", "127.0.0.2"], "127.0.0.2", "127.0.0.1"),
    "second silent": (["127.0.0.1", "127.0.0.2"], "127.0.0.1", "127.0.0.2"),
    "v6 refuses": (["::1", "127.0.0.1"], "127.0.0.1", None),
    "v4 refuses": (["127.0.0.1", "::1"], "::1", None),
    "v4 silent": (["127.0.0.1", "::1"], "::1", "127.0.0.1"),
    "the last of many": ([f"127.0.0.{i}" for i in range(10, 20)] + ["::1"], "::1", None),
    "the last of many v4": ([f"127.0.0.{i}" for i in range(10, 20)] + ["127.0.0.2"], "127.0.0.2",
                            None),
}


@pytest.fixture
def reserve():
    """Take an address and port that shall refuse, so that nobody else listens there:
    reserve(ADDRESS, PORT)."""
    with contextlib.ExitStack() as stack:
        def take(address, port):
            taken = stack.enter_context(
                socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            )
            taken.bind((address, port))
        yield take


def take_port(start_manager, full_backlog, reserve, addresses, listening, silent):
    """A manager on a port that is free on all the addresses."""
    for _ in range(20):
        manager = start_manager(address=listening)
        try:
            for address in addresses:
                if address == silent:
                    full_backlog(address, manager.port)
                elif address != listening:
                    reserve(address, manager.port)
        except OSError:
            continue
        return manager
    raise AssertionError("no port is free everywhere")


@pytest.mark.parametrize("addresses, listening, silent", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_all_addresses_of_a_name(machine, start_manager, full_backlog, reserve, mount_namespace,
                                 ipv6, addresses, listening, silent):
    manager = take_port(start_manager, full_backlog, reserve, addresses, listening, silent)
    hosts = with_hosts(machine, *[f"{address} manager.test" for address in addresses])
    result = machine.registers(manager=f"manager.test:{manager.port}", before=hosts, within=4)
    assert result.failures == []
    assert manager.conversation.sni == "manager.test"


def test_no_address_answers(machine, full_backlog, mount_namespace, ipv6):
    """Each address that failed is named with its reason."""
    silent = full_backlog("127.0.0.2")
    hosts = with_hosts(machine, "127.0.0.1 manager.test", "127.0.0.2 manager.test",
                       "::1 manager.test")
    machine.fails("unreachable", "manager.test", "127.0.0.1: Connection refused",
                  "::1: Connection refused", manager=f"manager.test:{silent.port}", before=hosts,
                  settings={"manager.connect_timeout": "1 s"})


def test_unknown_name(machine, mount_namespace):
    machine.install_key()
    machine.fails("unreachable", "Cannot resolve no-such-name.test", manager="no-such-name.test",
                  before=with_hosts(machine, "127.0.0.1 localhost"), force=True)


def test_silent_name_server(machine, silent_resolver):
    commands, server = silent_resolver
    machine.install_key()
    result = machine.fails(
        "unreachable", "Cannot resolve manager.test", "no name server answered in time",
        manager="manager.test", before=commands, force=True,
        settings={"manager.connect_timeout": "700 ms"}
    )
    assert b"\x07manager\x04test" in server.recv(4096)
    assert result.seconds > 0.65


def test_name_that_never_resolves_does_not_keep_the_next_manager_away(
    machine, start_manager, silent_resolver
):
    manager = start_manager()
    result = machine.register(manager=["manager.test", manager], before=silent_resolver[0],
                              settings={"manager.connect_timeout": "700 ms"})
    assert result.status == EXIT_CODES["registered"], result
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()
    assert "Cannot resolve manager.test" in result.failure


def test_request_is_never_sent_twice(machine, start_manager):
    """Addresses race to connect; only the one that won is asked."""
    manager = start_manager(answer(reply()))
    machine.registers(manager=f"localhost:{manager.port}")
    assert len(manager.requests) == 1


@pytest.mark.parametrize("trust", [{}, {"tls.verify": "no", "tls.ca_file": ""}],
                         ids=["verified", "not verified"])
def test_session_tickets_without_end(machine, start_manager, trust):
    manager = start_manager()
    manager.context.num_tickets = 200
    machine.install_key()
    before = machine.snapshot()
    result = machine.register(manager=manager, force=True, settings=trust)
    assert result.status == EXIT_CODES["protocol-error"], result
    assert f"{manager.address} sends TLS messages without end" in result.stderr
    assert machine.snapshot() == before
