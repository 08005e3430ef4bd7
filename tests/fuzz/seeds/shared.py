# SPDX-License-Identifier: ISC
"""What the seeds are made of: recorded exchanges in tests/data, and a key record."""
import pathlib
import re

DATA = pathlib.Path(__file__).parent.parent.parent / "data"
HEX64 = b"48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"


def unescape(field):
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}
    return re.sub(
        rb"\\(?:x(..)|(.))", lambda m: bytes.fromhex(m[1].decode()) if m[1] else named[m[2]], field
    )


def lines(name):
    for line in (DATA / name).read_bytes().splitlines():
        if not line.startswith(b"#"):
            yield [None if field == b"-" else unescape(field) for field in line.split(b"\t")]


def slug(text):
    return re.sub(rb"[^a-z0-9]+", b"-", text.lower()).strip(b"-")[:40].decode()


def records():
    return {
        "usual": b"001 web-01 any " + HEX64,
        "network": b"12345678 web-01.example.org 10.0.0.0/24 " + HEX64,
        "mask": b"1024 ab 10.9.0.0/255.255.0.0 ab",
        "ipv6": b"002 web_2 2001:0DB8:0000:0000:0000:0000:0000:0001/64 " + HEX64,
        "three-fields": b"001 web-01 any",
        "dot": b"001 .web any " + HEX64,
        "wrong-id": b"0x1 web any " + HEX64,
        "wrong-name": b"001 w\xff any " + HEX64,
        "wrong-address": b"001 web x " + HEX64,
        "long-group": b"g" * 256,
        "carriage-return": b"001 web-01 any " + HEX64 + b"\r",
    }


def failing(name, content, **calls):
    """The input, with calls that fail (tests/fuzz/faults.h): m=[0, 3] the first or the fourth of
    those for memory."""
    return {
        f"{name}-fails-{kind}-{n}": content + b"\xfaF" + kind.encode() + bytes([n])
        for kind, numbers in calls.items()
        for n in numbers
    }
