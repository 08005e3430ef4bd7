# SPDX-License-Identifier: ISC
"""Managers that do not answer: where the conversation ends, and what that means."""
import ssl

import pytest
from machine import EXIT_CODES, OLD_LINE, PROMPT, reply
from fake_manager import end

SILENT_ENDINGS = {
    "closed": lambda conversation: conversation.finish(),
}


@pytest.mark.parametrize("ending", SILENT_ENDINGS.values(), ids=SILENT_ENDINGS.keys())
@pytest.mark.parametrize(
    "password, words",
    [(None, "usually it requires a password"),
     ("TopSecret", "password_file is wrong, or it requires none")],
    ids=["without a password", "with a password"],
)
def test_silent_close_is_taken_for_a_wrong_password(machine, start_manager, ending, password,
                                                    words):
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        ending(conversation)
    machine.install_key()
    settings = {"auth.password_file": machine.password(password)} if password else {}
    machine.fails("refused", "without a response", words, manager=start_manager(script), force=True,
                  settings=settings)


@pytest.mark.parametrize("version, named", [(ssl.TLSVersion.TLSv1_2, False),
                                            (ssl.TLSVersion.TLSv1_3, True)])
def test_silent_close_of_what_is_no_ossec(machine, start_manager, version, named):
    """OSSEC has no TLS 1.3: then it may also be a load balancer in front of a manager."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        end(conversation, "close")
    result = machine.fails("refused", "usually it requires a password",
                           manager=start_manager(script, lowest=version, highest=version))
    assert ("load balancer" in result.failure) is named, result


@pytest.mark.parametrize("password", [None, "TopSecret"])
def test_silent_close_notify_is_no_wrong_password(machine, start_manager, password):
    """No manager sends it without a text; a load balancer that terminates TLS may."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        end(conversation, "close_notify")
    settings = {"auth.password_file": machine.password(password)} if password else {}
    result = machine.fails("refused", "load balancer or proxy in front of it terminates TLS",
                           manager=start_manager(script), settings=settings)
    assert "password_file" not in result.failure


def test_reset_is_no_refusal(machine, start_manager):
    """Managers close in an orderly way when the password is wrong; a reset is trouble on the
    way, and soon tried again."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.reset()
    machine.install_key()
    machine.fails("busy", "reset the connection", manager=start_manager(script), force=True)


def test_request_that_comes_back_is_not_shown(machine, start_manager):
    """An echo server behind the address: its answer holds the password."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.send(conversation.request)
        conversation.finish()
    settings = {"auth.password_file": machine.password("TopSecretPassword")}
    machine.fails("protocol-error", "echoes our credentials", manager=start_manager(script),
                  settings=settings)


def before_tls(conversation):
    conversation.finish()


def reset_before_tls(conversation):
    conversation.socket.recv(65536)
    conversation.reset()


def amid_the_handshake(conversation):
    conversation.socket.recv(65536)
    conversation.socket.sendall(b"\x16\x03\x03\x00\x7a\x02\x00")
    conversation.finish()


EARLY_ENDINGS = {
    "closed before TLS": (before_tls, "busy", "during the TLS handshake"),
    "reset before TLS": (reset_before_tls, "busy", "Connection reset"),
    "closed amid the handshake": (amid_the_handshake, "busy", "during the TLS handshake"),
}


@pytest.mark.parametrize("script, outcome, words", EARLY_ENDINGS.values(), ids=EARLY_ENDINGS.keys())
def test_end_before_the_request(machine, start_manager, script, outcome, words):
    machine.install_key()
    machine.fails(outcome, words, manager=start_manager(script), force=True)


def close_after_the_handshake(conversation):
    conversation.handshake()
    conversation.close_notify()
    conversation.finish()


def reset_after_the_handshake(conversation):
    conversation.handshake()
    conversation.reset()


@pytest.mark.parametrize("script", [close_after_the_handshake, reset_after_the_handshake])
def test_end_right_after_the_handshake(machine, start_manager, script):
    """Whether the request was already out is a matter of luck; nothing else is."""
    machine.install_key()
    before = machine.snapshot()
    result = machine.register(manager=start_manager(script), force=True)
    assert result.state["last_outcome"] in ("busy", "refused"), result
    assert result.status == EXIT_CODES[result.state["last_outcome"]]
    assert "closed the connection" in result.failure or "reset the connection" in result.failure
    assert result.seconds < PROMPT
    assert machine.snapshot() == before


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64],
    ids=["ssh", "http", "zeros"],
)
def test_not_tls(machine, start_manager, greeting):
    def script(conversation):
        conversation.socket.recv(65536)
        conversation.socket.sendall(greeting)
        conversation.finish()
    machine.install_key()
    machine.fails("protocol-error", "does not speak TLS", "port", manager=start_manager(script),
                  force=True)


def test_damaged_record(machine, start_manager):
    """A byte that changed on its way: nothing of the answer is believed."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.tls.write(reply())
        record = bytearray(conversation.outgoing.read())
        record[-1] ^= 1
        conversation.socket.sendall(record)
        conversation.wait_for_end()
    machine.install_key(OLD_LINE)
    machine.fails("protocol-error", "Cannot read from", manager=start_manager(script), force=True)
