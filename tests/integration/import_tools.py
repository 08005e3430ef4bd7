# SPDX-License-Identifier: ISC
"""Keys that were exported at a manager, and `agent-register import` with them."""
import base64
import os
import pty

from machine import KEY, OLD_LINE

LINE = f"001 web-01 any {KEY}\n"
EXPORT = base64.b64encode(LINE.strip().encode()).decode()
OTHER = base64.b64encode(f"002 web-02 10.0.0.0/24 {KEY}".encode()).decode()

# What is not taken: the input, and words of the message.
FAULTS = {
    "nothing": ("", ["Standard input is empty"]),
    "blanks": (" \r\n\n", ["contains no key"]),
    "error of manage_agents": ("Invalid ID '005' given. ID is not present.\n",
                               ["contains no key", "manage_agents -e"]),
    "only the key": (KEY, ["contains no complete key"]),
    "cut": (EXPORT[:-5], ["truncated"]),
    "cut to a shorter key": (EXPORT[:64], ["the key is not 64 to 128", "truncated"]),
    "null": ("001 web-01 any null\n", ["the key is not 64 to 128"]),
    "removed": (base64.b64encode(f"007 !gone any {KEY}".encode()).decode(),
                ["an agent that was removed on the manager (ID 007)"]),
    "refusal of the API": ('{"title": "Not Found", "detail": "No such agent", "error": 1701}',
                           ["contains no key"]),
    "three fields": (base64.b64encode(b"001 web-01 any").decode(),
                     ["four fields separated by single spaces"]),
    "bad id": (f"1x web-01 any {KEY}", ["contains no key"]),
    "long id": (f"123456789 web-01 any {KEY}", ["the id is not"]),
    "bad name": (f"001 web/01 any {KEY}", ["the name is not"]),
    "bad address": (f"001 web-01 anywhere {KEY}", ["the address is neither"]),
    "bad key": (f"001 web-01 any {KEY}\u2026", ["the key is not"]),
    "several": (f"{EXPORT}\n{OTHER}\n",
                ["the keys of several agents (001 web-01, 002 web-02, ...)"]),
    "several lines": (LINE + OLD_LINE,
                      ["the keys of several agents (001 web-01, 007 web-01, ...)"]),
    "UTF-16": (EXPORT.encode("utf-16"), ["is UTF-16"]),
    "NUL": (EXPORT + "\0", ["NUL byte"]),
    "long": (EXPORT + 20000 * "\n", ["too long for a key"]),
}


def pipe(data):
    """A descriptor from which this can be read; of at most what fits into a pipe."""
    reading, writing = os.pipe()
    os.write(writing, data if isinstance(data, bytes) else data.encode())
    os.close(writing)
    return reading


def bring(machine, data, *arguments, **options):
    """`agent-register import` with this on its standard input. Returns the Result."""
    reading = pipe(data)
    try:
        return machine.register("import", *arguments, stdin=reading, trust=None, name=None,
                                **options)
    finally:
        os.close(reading)


def at_terminal(machine, typed, *arguments):
    """The same for a person at a terminal who types this ahead. Returns the Result."""
    near, far = pty.openpty()
    try:
        os.write(near, typed.encode())
        return machine.register("import", *arguments, stdin=far, trust=None, name=None)
    finally:
        os.close(near)
        os.close(far)


def refused(machine, data, *words, status=78, arguments=()):
    before, result = machine.snapshot(), bring(machine, data, *arguments)
    assert result.status == status, result
    for word in words:
        assert word in result.failure, result
    assert machine.snapshot() == before, result
