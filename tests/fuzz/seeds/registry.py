# SPDX-License-Identifier: ISC
"""Seeds for the targets of what front and keeper say to each other."""
from seeds.shared import HEX64, failing


def registry_packets():
    """A byte that chooses the type, and the fields of the packet."""

    def text(content):
        return len(content).to_bytes(4, "little") + content

    def given(content):
        return b"\x01" + text(content)

    patience, absent = bytes(8), b"\0"
    v4 = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1]) + b"\x40\x9c"
    v6 = bytes.fromhex("20010db8000000000000000000000001") + b"\x40\x9c"
    fields = text(b"web-01") + absent + given(b"a,b") + given(b"") + absent
    part = text(b"h.p.m") + given(b"007") + given(HEX64) + b"\x01\x01" + bytes(8)
    user = v4 + text(b"h.p.m")
    bearer = text(b"001") + bytes(8) + bytes(range(16)) + bytes(range(32))
    agent = text(b"001") + text(b"web-01") + text(b"any") + text(HEX64)

    def request(kind, content):
        return b"\x01" + patience + bytes([kind]) + content

    def answer(kind, outcome, content):
        return b"\0" + bytes([kind, outcome]) + content

    seeds = {
        "authd": request(0, b"\0" + v4 + fields + b"\0"),
        "authd-open": request(0, b"\0" + v4 + fields + b"\x06"),
        "enroll": request(0, b"\x01" + v6 + fields + bearer),
        "api": request(0, b"\x02" + v4 + fields + part),
        "api-token": request(0, b"\x02" + v4 + fields + text(b"x" * 1024) + part[9:]),
        "key": request(1, user + text(b"001")),
        "join": request(2, user + text(b"001") + text(b"web") + b"\x01"),
        "login": request(3, v4 + bytes([7, 0, 0, 0]) + text(b"admin") + text(b"secret")),
        "session": request(4, user),
        "logout": request(5, user),
        "bearer": request(6, v6 + bearer),
        "material": request(7, b""),
        "remove": request(8, user + b"\x01" + bytes([1, 0, 0, 0]) + text(b"001") + text(b"web-01")),
        "agents": request(9, user + b"\x07" + bytes(8) + bytes([0, 0])),
        "agents-ids": request(9, user + b"\x03" + bytes(8) + bytes([1, 0]) + text(b"001")),
        "groups": request(10, user + text(b"md5") + text(b"web")),
        "token-make": request(
            12, user + text(b"manager") + b"\x05\xed\x01" + text(b"siem") + bytes(8) +
            text(b"the lab") + b"\x01\0"
        ),
        "token-make-flag": request(
            12, user + text(b"manager") + bytes(3) + text(b"") + bytes(8) + text(b"") + b"\x02\0"
        ),
        "tokens": request(13, user + b"\xff\0\0\0"),
        "token-revoke": request(14, user + bytes([0, 1, 0]) + text(b"A" * 22)),
        "token-purge": request(14, user + bytes([2, 0, 0])),
        "token-revoke-cut": request(14, user + bytes([0, 2, 0]) + text(b"A" * 22)),
        "no-type": request(200, user),
        "nobody": request(4, bytes(18) + text(b"")),
        "remove-unnamed": request(8, user + b"\0" + bytes([1, 0, 0, 0]) + text(b"") + text(b"abc")),
        "remove-more": request(
            8, user + b"\0" + bytes([1, 0, 0, 0]) + text(b"1") + text(b"a") + b"x"
        ),
        "agents-too-many": request(9, user + b"\x03" + bytes(8) + b"\xff\xff"),
        "reload": b"\2\0",
        "no-news": b"\2\x63",
        "closing": b"\2\1" + text(b"wazuh-authd is running"),
        "report": b"\4\1\1\x0f" + bytes(range(32)),
        "report-cut": b"\4\1\1",
        "accepted": answer(0, 0, b"\0" + agent + text(b"any") + text(HEX64)),
        "refused": answer(0, 0, b"\x02" + text(b"Duplicate agent name: web-01")),
        "failed": answer(0, 2, b"\x10" + text(b"Internal manager error adding agent: web-01")),
        "busy-granted": answer(0, 1, b"\0" + text(b"")),
        "key-given": answer(1, 0, b"\0" + agent),
        "key-absent": answer(1, 0, b"\x01"),
        "key-busy": answer(1, 1, b"\x02"),
        "joined": answer(2, 0, b"\0"),
        "logged-in": answer(3, 0, b"\0" + text(b"h.p.m")),
        "login-wrong": answer(3, 0, b"\x01\x01"),
        "login-failed": answer(3, 2, b"\x03"),
        "session-found": answer(4, 0, text(b"admin")),
        "session-denied": answer(4, 3, text(b"")),
        "bearer-right": answer(6, 0, b"\0"),
        "material-given": answer(
            7,
            0,
            b"\0"
            + 2 * (b"\1" + text(b"/etc/x") + text(b"PEM"))
            + b"\0"
            + absent
            + given(b"secret")
            + b"\1",
        ),
        "material-failed": answer(7, 2, b"\1"),
        "groups-page": answer(
            10,
            0,
            b"\0\1" + bytes([1, 0, 0, 0]) + text(b"web") + bytes(4) + text(b"00ff") + text(b""),
        ),
        "token-made": answer(
            12, 0, b"\0" + text(b"eyJ2ZXIiOjF9") + text(b"A" * 22) + b"\xff" * 8 +
            text(b"manager") + b"\x01" + bytes(range(32))
        ),
        "token-made-ca": answer(
            12, 0, b"\0" + text(b"eyJ2ZXIiOjF9") + text(b"") + bytes(8) + text(b"manager") + b"\0"
        ),
        "token-refused": answer(12, 0, b"\x06"),
        "token-failed": answer(12, 2, b"\x09"),
        "tokens-page": answer(
            13, 0, b"\0" + bytes([9, 0, 0, 0, 1, 0, 0, 0]) + text(b"A" * 22) + text(b"manager") +
            text(b"the lab") + bytes(24) + b"\x01"
        ),
        "tokens-cut": answer(13, 0, b"\0" + bytes([9, 0, 0, 0, 1, 0, 0, 0]) + text(b"A" * 22)),
        "tokens-ended": answer(14, 0, b"\0" + bytes([1, 0, 0, 0]) + text(b"A" * 22)),
        "tokens-ended-cut": answer(14, 0, b"\0" + bytes([255, 0, 0, 0]) + text(b"A" * 22)),
        "groups-cut": answer(10, 0, b"\0\1" + bytes([1, 0, 0, 0]) + text(b"web")),
        "removed-cut": answer(8, 0, b"\0" + bytes([90, 0, 0, 0]) + b"\x81\x01"),
        "removed": answer(8, 0, b"\0" + bytes([9, 0, 0, 0]) + b"\x81\x01"),
        "page": answer(
            9,
            0,
            b"\0"
            + bytes(8)
            + bytes([1, 0, 0, 0])
            + agent[:-68]
            + b"\x02"
            + bytes(8)
            + b"\x01"
            + bytes(8)
            + given(b"web,db"),
        ),
        "page-bare": answer(9, 0, b"\0" + bytes(8) + bytes([1, 0, 0, 0]) + agent[:-68] + bytes(3)),
        "page-cut": answer(9, 0, b"\0" + bytes(8) + bytes([2, 0, 0, 0]) + agent[:-68] + bytes(3)),
    }
    for name in ("session", "remove", "page", "groups-page", "removed", "token-make", "token-made",
                 "tokens-page", "tokens-ended"):
        seeds |= failing(name, seeds[name], m=[0, 1])
    seeds |= failing("login", seeds["login"], m=range(4))
    return seeds | failing("material", seeds["material-given"], m=range(6))


def packet_streams():
    """Steps; see fuzz-packet-stream.c."""

    def raw(content):
        return b"".join(
            bytes([len(content[i : i + 31]) * 8]) + content[i : i + 31]
            for i in range(0, len(content), 31)
        )

    def packet(kind, length=16):
        return (
            length.to_bytes(4, "little")
            + kind.to_bytes(4, "little")
            + bytes(8)
            + bytes(length - 16)
        )

    loop, hold, go_on, half, gone = b"\x03", b"\x0c", b"\x04", b"\x07", b"\x0f"
    large, answer, read = b"\xfa", b"\xfd", b"\xfe"
    seeds = {
        "one": raw(packet(1)) + loop,
        "two": raw(packet(1) + packet(2, 20)) + loop + half + loop,
        "pieces": b"".join(raw(bytes([b])) + loop for b in packet(7, 20)),
        "malformed": raw(packet(1) + b"\x01" + bytes(15)) + loop,
        "huge": raw(b"\xff" * 16) + loop,
        "freed": raw(packet(0xDEAD) + packet(1)) + loop,
        "held": raw(packet(0x401D) + packet(1)) + loop + go_on + loop,
        "hold": hold + raw(packet(1)) + loop + half + loop + go_on + loop,
        "large": (large + loop) * 12 + half + loop,
        "full": hold + large * 20 + go_on + loop * 8,
        "answers": answer * 20 + loop + (read + loop) * 10 + gone + loop,
        "answers-gone": answer * 80 + loop + gone + answer + loop,
        "gone": gone + loop,
        "long": b"\x17" + raw(packet(1, 300000)[:16]) + (large + loop) * 20,
        "long-cut": b"\x17" + raw(packet(1, 300000)[:16]) + (large + loop) * 6 + half + loop,
        "cut": raw(packet(1)[:9]) + half + loop,
    }
    seeds |= failing("answers", seeds["answers"], m=[0, 1], l=[0, 1, 2, 3, 23, 24], s=[1], i=[0, 1])
    return seeds | failing("long", seeds["long"], m=[2], l=[4], a=[0, 7])


def fronts():
    """Whether it greets, and steps; see fuzz-keeper.c."""

    def packet(how, content):
        return bytes([how * 4 + 1]) + len(content).to_bytes(2, "big") + content

    def request(number, content):
        return packet(number * 2, content)

    requests = {
        name: content[1:] for name, content in registry_packets().items() if content[:1] == b"\x01"
    }
    answer, loop, read, half = b"\x02", b"\x00", b"\x07", b"\x03"
    withdraw = packet(3, b"")
    seeds = {
        f"ask-{name}": b"\x01" + request(1, content) + answer + b"\x00" + read
        for name, content in requests.items()
    }
    session = requests["session"]
    material, groups = requests["material"], requests["groups"]
    other, more, greet, later, busy = b"\x13", b"\x23", b"\x33", b"\x43", b"\x53"
    nonsense = b"\x40" + b"\xff" * 16

    def raw(kind, content):
        header = (16 + len(content)).to_bytes(4, "little") + kind.to_bytes(4, "little") + bytes(8)
        return bytes([4 * (16 + len(content))]) + header + content

    def given(edition, pages=0):
        return answer + bytes([pages * 8 + edition * 2 + 1])

    report = raw(7, b"\1\1\x0f" + bytes(32))
    seeds.update(
        {
            "no-greeting": b"\x00" + request(1, session),
            "silent": b"\x01",
            "half": b"\x01" + half + loop,
            "twice": b"\x01" + request(2, session) + request(1, session),
            "withdrawn": b"\x01" + request(1, session) + withdraw + answer + b"\x00",
            "withdrawn-second": b"\x01"
            + b"".join(request(n, session) for n in (1, 2, 3))
            + packet(5, b"")
            + answer
            + b"\x00",
            "withdrawn-long": b"\x01" + request(1, session) + packet(3, b"abc"),
            "news": b"\x01\x0b\x1b\x07" + request(1, session) + b"\x0b" + answer + b"\0" + busy,
            "reloaded": b"\x01\x0b" + report[:-8] + b"\1" + bytes(7) + b"\x0b",
            "keeper-goes": b"\x03" + request(1, session) + request(2, session),
            "refused": b"\x01" + request(1, session) + answer + b"\xf0" + read,
            "several": b"\x01"
            + b"".join(request(n, session) for n in range(1, 9))
            + busy
            + answer
            + b"\x00"
            + answer
            + b"\xf1"
            + read
            + half,
            "patient": b"\x01" + request(1, b"\xff" * 8 + session[8:]) + answer + b"\x00",
            "less-patient": b"\x01" + request(1, b"\xff" + session[1:]) + answer + b"\x00",
            "too-many-groups": b"\x01"
            + b"".join(request(n, groups) for n in range(1, 8))
            + (answer + b"\x00") * 8,
            "report": b"\x01" + report,
            "report-cut": b"\x01" + raw(7, b"\1"),
            "hostile": b"\x01"
            + nonsense
            + (more + greet + nonsense) * 12
            + later
            + more
            + nonsense,
            "hostile-to-the-end": b"\x03" + (more + greet + nonsense) * 12,
            "crowd": b"\x01" + more * 9 + other + greet,
            "material": b"\x01" + request(1, material) + given(1) + read,
            "material-long": b"\x01" + request(1, material) + given(1, 24) + read,
            "material-new": b"\x01"
            + request(1, material)
            + given(1)
            + other
            + greet
            + request(1, material)
            + given(2),
            "raw": b"\x01" + raw(9, b""),
            "greeting-again": b"\x00" + raw(1, b"\x63\0\0\0"),
        }
    )
    seeds |= failing("session", seeds["several"], m=range(4), l=range(10), s=range(4))
    return seeds | failing("material", seeds["material-long"], m=range(6), l=range(8))


SEEDS = {
    "keeper": fronts,
    "packet-stream": packet_streams,
    "registry-wire": registry_packets,
}
