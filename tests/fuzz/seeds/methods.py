# SPDX-License-Identifier: ISC
"""Seeds for the targets of whole conversations with a manager: its scripts; see fake-manager.h."""
import base64
import hashlib
import json

from seeds import certificates
from seeds.shared import HEX64

PIECE, NEXT, STALL, END = b"\xffp", b"\xffn", b"\xfft", b"\xffe"
FILLER, MUTE, RESET = b"\xfff", b"\xffx", b"\xffr"
ALERT, UNREACHABLE, LOCAL = b"\xffa", b"\xffc", b"\xffl"
LINE = b"001 web-01 any " + HEX64


def authd_talks():
    """What is asked for and of what kind the connection is, and the script."""
    key = b"OSSEC K:'" + LINE + b"'\n\n"
    seeds = {
        "key": b"\x30" + key,
        "key-pieces": b"\x00" + key[:30] + PIECE + key[30:],
        "key-open": b"\x00" + key[:40] + STALL,
        "key-cut": b"\x00" + key[:40] + END,
        "key-invalid": b"\x00OSSEC K:'001 .web any x'\n\n",
        "error": b"\x10ERROR: Duplicate agent name: web-01\n\n",
        "error-open": b"\x00ERROR: Invalid password" + STALL,
        "error-reset": b"\x00ERROR: Invalid group: web" + RESET,
        "error-echo": b"\x10ERROR: Invalid request: OSSEC PASS: Tr0ub4dor&3 OSSEC A:'web-01'\n\n",
        "no-protocol": b"\x00HTTP/1.1 400 Bad Request\r\n\r\n",
        "unreachable": b"\x00" + UNREACHABLE,
        "stall": b"\x00" + STALL,
        "next": b"\x00" + NEXT,
        "alert": b"\x00" + ALERT,
        "local": b"\x00" + LOCAL,
        "literal": b"\x00\xff\xffERROR: \xff\x00",
        "groups": b"\x20" + key,
        "groups-many": b"\xa0",
        "quote": b"\x40",
        "odd": b"\x08" + key,
    }
    for how in range(32):
        seeds[f"silent-{how}"] = bytes([how]) + END
        seeds[f"mute-{how}"] = bytes([how]) + MUTE
        seeds[f"reset-{how}"] = bytes([how]) + RESET
    return seeds


def reply(status, body=b"", *fields, length=None):
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    size = len(body) if length is None else length
    head = [b"HTTP/1.1 %d OK" % status, b"Content-Length: %d" % size, *fields, b"", b""]
    return b"\r\n".join(head) + body


def api_talks():
    """How: a deregistration (0) or a registration (1), and with what."""
    key = base64.b64encode(LINE).decode()
    login = reply(200, {"data": {"token": "h.p.m"}, "error": 0})
    added = reply(200, {"data": {"id": "001", "key": key}, "error": 0})
    item = {"data": {"affected_items": [{"id": "001", "key": key}], "failed_items": []}, "error": 0}
    version3 = reply(
        404, {"error": 603, "message": "The requested URL was not found on this server"}
    )
    joined = reply(200, {"data": {"affected_items": ["001"]}, "error": 0})
    no_group = reply(404, {"title": "Resource not found", "detail": "No group", "error": 1710})
    no_agent = reply(404, {"title": "Resource not found", "detail": "No agent", "error": 1701})
    taken = reply(400, {"title": "Bad Request", "detail": "Agent name already used", "error": 1705})
    date = b"Date: Fri, 27 Nov 2026 20:00:00 GMT"

    def failed(error):
        return reply(
            200,
            {
                "data": {"affected_items": [], "failed_items": [{"error": error, "id": ["001"]}]},
                "error": 1,
            },
        )

    def lost(**changes):
        agent = {
            "id": "001",
            "name": "web-01",
            "status": "never_connected",
            "dateAdd": "2026-11-27T19:59:01Z",
        }
        agent.update(changes)
        return reply(200, {"data": {"affected_items": [agent]}, "error": 0}, date)

    def run(how, *parts, traits=0):
        return bytes([1 + 32 * traits, how]) + NEXT.join(parts)

    def remove(*parts):
        return b"\0\0" + NEXT.join(parts)

    removed = reply(200, {"data": {"affected_items": ["001"], "failed_items": []}, "error": 0})
    other = base64.b64encode(LINE.replace(b"any 48", b"any 84")).decode()
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'{"data":{"token":"h.p.m"},"error":0}'
    return {
        "api-key": run(0, login, added),
        "api-groups": run(2, login, added, joined, joined, joined),
        "api-groups-later": run(2, login, added, *[no_agent] * 3, joined, joined, joined),
        "api-groups-never": run(2, login, added, *[no_agent] * 30),
        "api-groups-missing": run(2, login, added, joined, no_group, joined),
        "api-groups-fallback": run(0x12, login, added, joined, no_group, joined, joined),
        "api-groups-fallback-fails": run(0x12, login, added, joined, no_group, no_group, joined),
        "api-groups-gone": run(2, login, added, joined, END),
        "api-groups-failed": run(2, login, added, failed({"code": 1710, "message": "No group"})),
        "api-replace": run(0x0C, login, added),
        "api-version-3": run(2, version3, added, joined, joined, joined),
        "api-version-3-replace": run(8, version3, added),
        "api-duplicate": run(0, login, taken),
        "api-lost": run(0x20, login, taken, lost(), reply(200, item)),
        "api-lost-fraction": run(0x20, login, taken, lost(dateAdd="2026-11-27T19:59:01.0Z"), added),
        "api-lost-late": run(0x20, login, taken, lost(dateAdd="2026-11-27T19:00:00Z")),
        "api-lost-no-date": run(0x20, login, taken, lost(dateAdd="yesterday")),
        "api-lost-used": run(0x20, login, taken, lost(status="active")),
        "api-lost-other": run(0x20, login, taken, lost(name="web-02")),
        "api-lost-id": run(0x20, login, taken, lost(id="x")),
        "api-lost-gone": run(0x20, login, taken, lost(), no_agent),
        "api-lost-no-key": run(0x20, login, taken, lost(), reply(200, {"data": {}, "error": 0})),
        "api-lost-refused": run(0x20, login, taken, reply(403, {"error": 4000, "title": "x"})),
        "api-lost-version-3": run(0x20, version3, taken),
        "api-login-refused": run(0, reply(401, {"title": "Unauthorized", "detail": "Invalid"})),
        "api-login-echo": run(0, reply(401, {"title": "x", "detail": "admin:Tr0ub4dor&3"})),
        "api-login-html": run(0, reply(401, b"<html>")),
        "api-no-token": run(0, reply(200, {"data": {"token": "a b"}, "error": 0})),
        "api-no-token-text": run(0, reply(200, {"data": {"token": 7}, "error": 0})),
        "api-token-long": run(0, reply(200, {"data": {"token": "t" * 20000}, "error": 0})),
        "api-wrong-id": run(0, login, reply(200, {"data": {"id": "002", "key": key}, "error": 0})),
        "api-wrong-name": run(
            0,
            login,
            reply(
                200,
                {
                    "data": {
                        "id": "001",
                        "key": base64.b64encode(LINE.replace(b"web-01", b"web-02")).decode(),
                    },
                    "error": 0,
                },
            ),
        ),
        "api-no-key": run(0, login, reply(200, {"data": {"id": "001"}, "error": 0})),
        "api-unreachable": run(0, UNREACHABLE),
        "api-busy": run(0, login, reply(429, {"error": 6001}, b"Retry-After: 30")),
        "api-busy-date": run(
            0, login, reply(503, b"", date, b"Retry-After: Fri, 27 Nov 2026 20:05:00 GMT")
        ),
        "api-busy-clock": run(0, reply(503, b"", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT")),
        "api-busy-long": run(0, reply(503, b"", b"Retry-After: 99999999999")),
        "api-busy-past": run(0, reply(503, b"", b"Retry-After: Fri, 27 Nov 1970 20:05:00 GMT")),
        "api-two-connections": run(0, reply(200, body, b"Connection: close") + END + added),
        "api-closed": run(0, login + END + added),
        "api-old-http": run(0, b"HTTP/1.0 200 OK\r\n\r\n" + body + END + added),
        "api-chunks": run(0, chunked + b"24\r\n" + body + b"\r\n0\r\n\r\n", added),
        "api-interim-flood": run(0, b"HTTP/1.1 100 Continue\r\n\r\n" * 9 + STALL + login, added),
        "api-interim": run(0, b"HTTP/1.1 100 Continue\r\n\r\n" + login, added),
        "api-pieces": run(0, PIECE.join(login[i : i + 9] for i in range(0, len(login), 9)), added),
        "api-stall": run(0, login[:60] + STALL),
        "api-silent": run(0, STALL),
        "api-cut": run(0, login[:-4] + END),
        "api-cut-head": run(0, login[:20] + END),
        "api-gone": run(0, END),
        "api-reset": run(0, RESET),
        "api-certificate": run(0, END, traits=1),
        "api-alert": run(0, ALERT),
        "api-local": run(0, LOCAL),
        "api-no-http": run(0, b"SSH-2.0-OpenSSH_9.2\r\n" + END),
        "api-two-lengths": run(0, reply(200, body, b"Content-Length: 3")),
        "api-body-long": run(0, reply(200, b"{", length=3000000) + FILLER),
        "api-line-long": run(0, b"HTTP/1.1 200 " + FILLER),
        "api-field-blank": run(0, reply(503, b"", b"Retry-After: 5 \t")),
        "api-head-long": run(0, b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70000 + b"\r\n\r\n"),
        "api-fields-many": run(0, b"HTTP/1.1 200 OK\r\n" + b"X: aaaaaaaaaaa\r\n" * 5000 + b"\r\n"),
        "api-trailer": run(0, chunked + b"24\r\n" + body + b"\r\n0\r\nX: y\r\n\r\n", added),
        "api-no-utf-8": b"\x01\x40" + login + NEXT + added,
        "remove": remove(login, reply(200, item), removed),
        "remove-absent": remove(login, no_agent),
        "remove-other": remove(
            login, reply(200, {"data": {"affected_items": [{"key": other}]}, "error": 0})
        ),
        "remove-refused": remove(login, reply(200, item), failed({"code": 1731, "message": "No"})),
        "remove-gone": remove(login, reply(200, item), no_agent),
        "remove-cut": remove(login, reply(200, item), END),
        "remove-no-key": remove(login, reply(200, {"data": {}, "error": 0})),
        "remove-key-refused": remove(login, reply(403, {"error": 4000, "title": "x"})),
        "remove-key-cut": remove(login, END),
        "remove-version-3": remove(
            version3,
            reply(200, {"data": key, "error": 0}),
            reply(200, {"data": {"affected_agents": ["001"]}, "error": 0}),
        ),
    }


def enroll_talks():
    """How: a registration (2) or the CA alone (3), by which trust, and with what."""
    ca = certificates.certificate(certificates.name((certificates.COMMON_NAME, 0x0C, b"CA")))
    pem = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(ca)
    pin = hashlib.sha256(certificates.KEY).digest()
    agent = {"id": "003", "name": "web-01", "ip": "any", "key": HEX64.decode()}
    accepted = reply(200, {**agent, "reenroll_secret": HEX64.decode()})
    cacerts = reply(200, pem)
    busy = reply(503, b"", b"Retry-After: 5")
    stale = reply(
        401,
        {"error": {"code": "stale_token", "message": "x"}},
        b'WWW-Authenticate: Bearer error="invalid_token", error_description="stale_token"',
        b"Date: Fri, 27 Nov 2020 20:00:00 GMT",
    )
    unknown = reply(
        401,
        b"{}",
        b'WWW-Authenticate: Bearer error="invalid_token", error_description="unknown_agent"',
    )

    def run(trust, how, *parts, task=2, given=b""):
        return bytes([task + 4 * trust, how]) + given + NEXT.join(parts)

    def again(first, *parts):
        """The CA comes by a connection of its own."""
        return first + END + NEXT.join(parts)

    anybody, by_pin, embedded, file, configured = range(5)
    return {
        "enroll": run(anybody, 1, accepted),
        "enroll-prefix": run(anybody, 0x0F, accepted),
        "enroll-bare": run(anybody, 0, reply(200, agent)),
        "enroll-wrong": run(anybody, 1, reply(200, b"[]")),
        "enroll-groups-many": run(anybody, 0x81),
        "enroll-not-utf-8": run(anybody, 0x41),
        "enroll-pin": run(by_pin, 0x20, again(cacerts, accepted), given=pin),
        "enroll-pin-several": run(by_pin, 1, again(reply(200, pem * 2), accepted), given=pin),
        "enroll-pin-other": run(by_pin, 1, cacerts, given=bytes(32)),
        "enroll-pin-none": run(by_pin, 1, reply(200, b"nothing"), given=pin),
        "enroll-pin-busy": run(by_pin, 1, busy, given=pin),
        "enroll-pin-absent": run(by_pin, 1, reply(404), given=pin),
        "enroll-pin-cut": run(by_pin, 1, END, given=pin),
        "enroll-embedded": run(embedded, 0x21, accepted, given=pem + b"\0"),
        "enroll-embedded-none": run(embedded, 1, accepted, given=b"x\0"),
        "enroll-file": run(file, 1, accepted, given=pem + b"\0"),
        "enroll-file-none": run(file, 1, accepted, given=b"x\0"),
        "enroll-configured": run(configured, 1, cacerts, accepted),
        "enroll-configured-absent": run(configured, 1, reply(404), accepted),
        "enroll-configured-cut": run(configured, 1, END),
        "enroll-stale": run(anybody, 0x11, stale, accepted),
        "enroll-stale-twice": run(anybody, 1, stale, stale),
        "enroll-stale-timeless": run(anybody, 1, stale.replace(b"Date", b"Dote")),
        "enroll-secret": run(anybody, 0x11, accepted),
        "enroll-secret-unknown": run(anybody, 0x11, unknown, accepted),
        "enroll-secret-only": run(anybody, 0x10, unknown),
        "enroll-refused": run(anybody, 1, reply(403, {"error": {"code": 9007, "message": "x"}})),
        "enroll-cut": run(anybody, 1, END),
        "ca": run(by_pin, 0, cacerts, task=3, given=pin),
        "ca-embedded": run(embedded, 0, task=3, given=pem + b"\0"),
    }


def https_talks():
    return {**api_talks(), **enroll_talks()}


SEEDS = {"method-authd": authd_talks, "methods-https": https_talks}
