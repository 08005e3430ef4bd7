# SPDX-License-Identifier: ISC
"""Scripts of fake_manager.Manager that never finish: what a manager does until the client gives
up. The dripping ones need a `pause` at the manager, a threading.Event."""
from machine import reply


def silent_before_tls(conversation):
    conversation.wait_for_end()


def silent_amid_the_handshake(conversation):
    conversation.socket.recv(65536)
    conversation.socket.sendall(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")
    conversation.wait_for_end()


def silent_after_the_handshake(conversation):
    conversation.handshake()
    conversation.wait_for_end()


def silent_after_the_request(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.wait_for_end()


def silent_amid_the_answer(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.send(reply()[:40])
    conversation.wait_for_end()


def silent_amid_a_record(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.tls.write(reply())
    conversation.socket.sendall(conversation.outgoing.read()[:-5])
    conversation.wait_for_end()


def silent_amid_the_prefix(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.send(b"ERR")
    conversation.wait_for_end()


def dripping(conversation):
    """A byte whenever the last one was read, for ever: each read succeeds, the whole must not."""
    conversation.handshake()
    conversation.read_request()
    conversation.send(b"OSSEC K:'")
    while True:
        conversation.send(b"1")
        conversation.wait_until_read()
        conversation.manager.pause.wait(0.05)


def dripping_handshake(conversation):
    conversation.socket.recv(65536)
    conversation.socket.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\x00")
    while True:
        conversation.socket.sendall(b"\0")
        conversation.manager.pause.wait(0.05)
