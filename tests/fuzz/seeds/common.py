# SPDX-License-Identifier: ISC
"""Seeds for the targets of what both programs share."""
import base64

from seeds.shared import HEX64, lines, records, slug


def replies():
    """One of every first words of a text, by every program, with an uneven split in front."""
    seeds = {}
    for label, state, text, *records in lines("replies.txt"):
        program = label.split(b":")[0]
        kind = slug(
            program[:18]
            + b" "
            + state
            + b" "
            + b" ".join((text or b"").split()[:2] if state == b"error" else [])
        )
        if len(b"".join(records)) < 400:
            seeds.setdefault(kind, b"\x03\x07\x01\x09" + b"".join(records))
    seeds["silent"] = b"\x00"
    seeds["protocol-error"] = b"\x00HTTP/1.1 400 Bad Request\r\n\r\n"
    seeds["glued"] = b"\x02\x18\x05ERROR: Duplicate agent name: web-01ERROR: Unable to add agent"
    seeds["two-keys"] = b"\x01\x20OSSEC K:'001 a1 any bb'\n\nOSSEC K:'002 a2 any bb'\n\n"
    return seeds


def requests():
    seeds = {}
    for label, line, password, *_ in lines("agent-requests.txt"):
        if len(line) < 300:
            seeds["agent-" + slug(label)] = (
                bytes([len(password or b"")]) + (password or b"") + line[:-1]
            )
    for label, line, password, fault, *_ in lines("manager-requests.txt"):
        if fault != b"ok" and len(line) < 300 and len(password or b"") < 16:
            seeds.setdefault(
                "manager-" + fault.decode(),
                bytes([len(password or b"")]) + (password or b"") + line,
            )
    return seeds


def exported_keys():
    usual, network = records()["usual"], records()["network"]
    export, other = base64.b64encode(usual), base64.b64encode(network)
    return {
        "export": export,
        "broken": b"\xef\xbb\xbf " + export[:64] + b"\r\n " + export[64:] + b"\r\n",
        "words": b"\nAgent key information for '001' is: \n"
        + export
        + b"\n\n** Press ENTER to return to the main menu.\n",
        "line": usual + b"\n",
        "several": export + b"\n" + other + b"\n",
        "file": b"# agents\n007 !gone any ab\n" + usual + b"\n" + network + b"\n",
        "cut": export[:-6],
        "json": b'{"data":{"id":"001","key":"' + export + b'"},"error":0}',
        "json-items": b'\n{"data": {"affected_items": [{"key": "'
        + export.replace(b"/", b"\\/")
        + b'"}]}, "message": "\\"", "x',
        "quoted": b'"' + export + b'"\n',
        "short-key": b"001 web-01 any ab\n",
        "json-empty": b'{"key":""}',
        "json-blanks": b'{"key" : \n"' + export + b'"}',
        "nothing": b"no key here\n",
        "long": b"x" * 70000,
        "utf-16": b"\xff\xfe0\x000\x00",
        "nul": b"001\0",
        "empty": b"",
        "removed": base64.b64encode(b"1024 #*#*#*#*#*#*#*#*#*#*#"),
        "three-fields": base64.b64encode(records()["three-fields"]),
    }


def packets():
    """How many fields are read, of which types, and the packet."""

    def packet(kinds, body, length=None):
        length = 16 + len(body) if length is None else length
        header = length.to_bytes(4, "little") + b"\x07\0\0\0" + bytes(range(8))
        return bytes([len(kinds), *kinds]) + header + body

    text = b"\x06\0\0\0web-01"
    return {
        "all": packet(
            range(9), bytes(range(15)) + b"\x01" + text + text + b"\x01" + text + b"bytes"
        ),
        "absent": packet([7, 7, 5], b"\0" + b"\x01" + text + bytes(4)),
        "nul": packet([6], b"\x02\0\0\0a\0"),
        "long": packet([5], b"\xff\xff\xff\xffweb-01"),
        "left": packet([5], text + b"\0"),
        "none": packet([], b""),
        "short": packet([], b"", 15),
        "too-little": packet([], b"", 40),
        "half": packet([], b"")[:9],
        "numbers": packet([0, 1, 2, 3, 4], b"\x01"),
        "optional-odd": packet([7], b"\x02" + text),
        "text-odd": packet([5, 5], b"\x01\0\0\0\0" + text),
        "view-long": packet([6], (400).to_bytes(4, "little") + b"x" * 400),
        "at-most": packet([4], b"\xff"),
        "bytes-short": packet([8], b"abc"),
        "fill": packet([6] * 31, (300).to_bytes(4, "little") + b"x" * 300),
        "huge": packet([], b"", 0xFFFFFFFF),
        "no-room": b"\0" + b"x" * 9,
        "text": b"\x1f" + b"x" * 9,
        "text-nul": b"\x1f" + b"x\0y",
    }


def http_heads():
    def head(*lines, sizes=b""):
        return bytes([len(sizes)]) + sizes + "\r\n".join([*lines, "", ""]).encode()

    request = "POST /agents HTTP/1.1"
    chunked = head(request, "Transfer-Encoding: chunked", sizes=b"\x05\x01")
    return {
        "chunks": chunked + b"5\r\nhello\r\n0A\r\n0123456789\r\n00\r\n\r\nGET",
        "chunks-huge": chunked + b"ffffffffffffffff\r\n",
        "chunks-extension": chunked + b"5;a=b\r\nhello",
        "chunks-trailer": chunked + b"f\r\n0123456789abcde\r\n0\r\nX: y\r\n\r\n",
        "chunks-line-feed": chunked + b"5\r\nhello\n",
        "request": head(request, "Host: a", "Content-Length: 12", sizes=b"\x03\x01\x07"),
        "answer": head("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked ", "X-Empty:"),
        "two-lengths": head(request, "Content-Length: 1", "content-length: 1"),
        "two-codings": head(request, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        "both": head(request, "Content-Length: 1", "Transfer-Encoding: chunked"),
        "both-reversed": head(request, "Transfer-Encoding: chunked", "Content-Length: 1"),
        "coding": head(request, "Transfer-Encoding: gzip, chunked"),
        "folded": head(request, "Host: a", " b"),
        "blank-before-colon": head(request, "Host : a"),
        "no-field": head(request, "Host"),
        "no-name": head(request, ": a"),
        "name-unusual": head(request, "X(y): a"),
        "length-sign": head(request, "Content-Length: +1"),
        "length-none": head(request, "Content-Length:"),
        "length-huge": head(request, "Content-Length: 99999999999999999999"),
        "length-huge-cut": head(request, "Content-Length: 00000000000000000000000000001"),
        "line-feed": b"\x00" + request.encode() + b"\nHost: a\r\n\r\n",
        "return": b"\x00" + request.encode() + b"\rX\r\n\r\n",
        "nul": b"\x00" + request.encode() + b"\r\nHost: a\0b\r\n\r\n",
        "empty-first-line": b"\x00\r\n\r\n",
        "pieces": b"\x02\x00\x02" + head(request, "Host: a")[1:],
        "fields": b"\x08" + head(request, "Host: a", "B: c", "D: e")[1:],
        "fields-many": b"\x08" + head(request, "Host: a", "B: c", "D: e", "F: g")[1:],
    }


def base64_texts():
    """A byte that chooses the form and the room, and a text."""
    return {
        "padded": b"\x00YWJj/+8=",
        "unpadded": b"\x01YWJj/+8",
        "url": b"\x02YWJj_-8",
        "padding-twice": b"\x00YQ==",
        "padding-wrong": b"\x00Y===",
        "padding-none": b"\x00YQ",
        "bits": b"\x01YR",
        "one": b"\x01Y",
        "other-letters": b"\x02YWJj/+8",
        "empty": b"\x00",
        "room": b"\x90YWJjZA==",
        "inside": b"\x00YQ==YQ==",
        "high": b"\x00\xff\xfe\xfd\xfc",
    }


def peer_texts():
    """How long the secret is, the room for the message, both texts."""

    def pair(secret, text, room=b"\x40"):
        return bytes([len(secret)]) + room + secret + text

    secret = b"Correct-Horse-1"
    middle = bytes(reversed(secret.lower()))
    return {
        "usual": pair(secret, b"Duplicate agent name: web-01"),
        "none": pair(b"", b"ERROR: \xff"),
        "echo": pair(secret, b"wrong: " + secret),
        "echo-part": pair(secret, secret[2:]),
        "echo-case": pair(secret, secret.upper()),
        "echo-reversed": pair(secret, middle),
        "echo-hex": pair(secret, secret.hex().encode()),
        "echo-base64": pair(secret, base64.b64encode(secret)),
        "echo-base64-within": pair(secret, base64.b64encode(b"u:" + secret)),
        "echo-base64-url": pair(b"\xff\xfe??>>~~", base64.urlsafe_b64encode(b"\xff\xfe??>>~~")),
        "echo-pieces": pair(secret, b"Corr ect- Hors e-1"),
        "echo-url": pair(secret, b"%43orrect%2dHorse%2D1"),
        "echo-json": pair(secret, b"\\u0043orrect\\u002dHorse-1 \\u00"),
        "echo-c": pair(secret, b"\\x43orrect\\055Horse-1"),
        "echo-html": pair(secret, b"&#67;orrect&#x2d;Horse&#X2D;1 &#999; &#x;"),
        "short": pair(b"abc", b"xabcx"),
        "key": pair(secret, HEX64),
        "key-cut": pair(secret, HEX64[:41]),
        "key-pieces": pair(b"", HEX64[:20] + b" " + HEX64[16:]),
        "key-letters": pair(
            b"", b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ00"
        ),
        "key-escaped": pair(b"", b"%30" + HEX64),
        "small": pair(secret, b"x" * 90, b"\x00"),
        "lines": pair(secret, b"ERROR:\tno\r\nsuch \\ agent \x01\xff", b"\x00"),
        "lines-long": pair(secret, b"\n" * 200, b"\x00"),
        "signs": pair(secret, b"\\n\\/ &amp;lt; \\\\\\\\x43orrect-Horse-1"),
        "word": pair(b"password", b"wrong password"),
        "word-long": pair(b"passwordpassword", b"wrong passwordpassword"),
        "word-number": pair(b"pass12", b"wrong pass12"),
        "word-base64": pair(b"pass12", base64.b64encode(b"abpass12")),
        "short-pieces": pair(b"Tr0ub", b"Tr0u b"),
        "long": pair(b"Correct-Horse-Battery-Staple-and-much-more", b"Correct-Horse-Battery-Stapl"),
        "lines-secret": pair(b"a\nb\tc\xff-and-more", b"a"),
    }


SEEDS = {
    "base64": base64_texts,
    "peer-text": peer_texts,
    "reply": replies,
    "request": requests,
    "agent-key": records,
    "packet": packets,
    "exported-key": exported_keys,
    "http-head": http_heads,
}
