#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the seed corpora in tests/fuzz/corpus from the recorded exchanges in tests/data. Few
seeds, one of a kind."""
import base64
import pathlib
import re

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent / "data"
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


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)
    print(f"{target}: {len(seeds)}")


def slug(text):
    return re.sub(rb"[^a-z0-9]+", b"-", text.lower()).strip(b"-")[:40].decode()


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
            seeds.setdefault("manager-" + fault.decode(),
                             bytes([len(password or b"")]) + (password or b"") + line)
    return seeds


def records():
    return {
        "usual": b"001 web-01 any " + HEX64,
        "network": b"12345678 web-01.example.org 10.0.0.0/24 " + HEX64,
        "mask": b"1024 ab 10.9.0.0/255.255.0.0 ab",
        "ipv6": b"002 web_2 2001:0DB8:0000:0000:0000:0000:0000:0001/64 " + HEX64,
        "three-fields": b"001 web-01 any",
        "carriage-return": b"001 web-01 any " + HEX64 + b"\r",
    }


def key_files():
    usual = records()["usual"]
    return {
        "one": usual + b"\n",
        "no-newline": usual,
        "several": usual + b"\n" + records()["network"] + b"\n",
        "removed": b"001 !web-01 any " + HEX64 + b"\n002 #*#*#*#*#*\n" + records()["ipv6"] + b"\n",
        "comments": b"# a comment\n\n \n" + usual + b"\n",
        "cut": usual[:40],
        "crlf": usual + b"\r\n",
        "zeros": bytes(64),
        "empty": b"",
    }


def configurations():
    shipped = (HERE.parent.parent / "etc" / "agent-register.conf").read_bytes()
    return {
        "shipped": shipped,
        "uncommented": re.sub(rb"(?m)^#(?=[a-z_]+ =)", b"", shipped),
        "usual": b"[manager]\naddress = a.example.org\naddress = [::1]:99\n[tls]\nca_file = "
                 b"/ca.pem\n"
        b"[agent]\nname = %l-%m\ngroups = web,db\n[retry]\nbudget = 1min 30s\n",
        "pin": b"[tls]\r\npin = sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n",
        "mark": b"\xef\xbb\xbf[tls]\nverify = no ; comment\n",
        "typo": b"[tls]\nverfy = no\n",
        "section": b"[manger]\n",
        "indented": b"[tls]\n  ciphers = A;B\n\tciphersuites =\n",
    }


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
        "json-items": b'\n{"data": {"affected_items": [{"key": "' + export.replace(b"/", b"\\/")
        + b'"}]}, "message": "\\"", "x',
        "quoted": b'"' + export + b'"\n',
        "removed": base64.b64encode(b"1024 #*#*#*#*#*#*#*#*#*#*#"),
        "three-fields": base64.b64encode(records()["three-fields"]),
    }


def proxy_answers():
    return {
        "tunnel": b"\x05HTTP/1.1 200 Connection established\r\nVia: 1.1 "
                  b"a\r\n\r\n\x16\x03\x03\x00\x7a",
        "interim": b"\x03HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\n\n",
        "schemes": b"\x10HTTP/1.1 407 Proxy Authentication Required\r\n"
        b"Proxy-Authenticate: NTLM ab==, Digest realm=\"Basic \\\"\", Basic realm=x\r\n\r\n",
        "forbidden": b"\xffHTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Folded: "
                     b"a\r\n\tb\r\n\r\nbody",
        "no-colon": b"\x01HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "other": b"\x02SSH-2.0-OpenSSH_9.2\r\n",
    }


def api_replies():
    key = base64.b64encode(b"001 web-01 any " + HEX64)
    return {
        "granted": b"\x14\x00" + b'{"data":{"id":"001","key":"' + key + b'"},"error":0}',
        "key": b"\x14\x00"
        + b'{"data":{"affected_items":[{"id":"001","key":"'
        + key
        + b'"}],"failed_items":[]},"error":0}',
        "failed": b"\x14\x00"
        + b'{"data":{"affected_items":[],"failed_items":[{"error":{"code":1701,"message":"No"},'
        b'"id":["001"]}]},"message":"M","error":1}',
        "duplicate": b"\x28\x00" + b'{"title":"Bad Request","detail":"Same name","error":1705}',
        "version-3": b"\x28\x04"
        + b'{"error":603,"message":"The requested URL was not found on this server"}',
        "text-code": b"\x14\x00" + b'{"error":"9008","message":"Duplicate name"}',
        "gateway": b"\x32\x02<html>",
        "twice": b"\x14\x00" + b'{"error":0,"error":0}',
        "short-key": b"\x14\x00" + b'{"data":{"id":"001","key":"MDAxIGEgYW55IGI="},"error":0}',
    }


def enrollments():
    pin, key = (b"YJHcNmXtXoM8jZRfk-u_FLNwIMzudzNORJesLvNZCqI",
                b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    agent = b'"id":"003","name":"web-01","ip":"any","key":"' + HEX64 + b'"'
    classes = b'Bearer error="invalid_token", error_description="'
    return {
        "token": b"teyJ2ZXIiOjEsImFkciI6ImgiLCJwaW4iOiJZSkhjTm1YdFhv"
                 b"TThqWlJmay11X0ZMTndJTXp1ZHpOT1JKZXNMdk5aQ3FJIn0",
        "document-pin": b'd{"ver":1,"adr":"siem.example.local:8443/wazuh/","pin":"'
        + pin
        + b'","key":"'
        + key
        + b'"}',
        "document-ca": b'd{"ver":1,"adr":"[::1]","ca":"-----BEGIN CERTIFICATE-----\\n"}',
        "document-twice": b'd{"ver":1,"ver":1,"adr":"h","pin":"' + pin + b'"}',
        "accept": b"a{" + agent + b',"reenroll_secret":"' + HEX64 + b'"}',
        "accept-less": b"a{" + agent + b"}",
        "accept-twice": b"a{" + agent + b',"id":"004"}',
        "refuse-stale": b"r\x65"
        + classes
        + b'stale_token"\n{"error":{"code":"stale_token","message":"x"}}',
        "refuse-bare": b'r\x65Bearer\n'
                       b'{"error":{"code":"enrollment_key_unavailable","message":"x"}}',
        "refuse-number": b'r\x67\n{"error":{"code":9023,"message":"Enrollment token expired"}}',
        "refuse-flat": b'r\xcb\n{"error":"Service Unavailable","code":503}',
        "refuse-html": b"r\xca\n<html>Bad Gateway</html>",
    }


def import_lines():
    return {
        "any": b"any,web-01",
        "blanks": b" 10.0.0.1 ,\tweb-01\r\n",
        "mask": b"10.9.0.0/255.255.0.0,web-01",
        "holes": b"10.9.0.0/255.0.255.0,web-01",
        "ipv6": b"!2001:DB8:0:0::2/64,web-01",
        "mapped": b"::ffff:192.0.2.1,web-01",
        "mapped-groups": b"::ffff:c000:201/128,web-01",
        "mapped-prefix": b"::ffff:192.0.2.0/120,web-01",
        "compatible": b"::c000:201/08,web-01",
        "everything": b"0::/0,web-01",
        "comment": b"# any,web-01",
        "commas": b"any,web-01,",
        "quotes": b"\"10.0.0.1\" ;\" web-01\";\"\";",
        "quote-open": b"any,\"web-01",
        "header": b"IP Address\tHost Name",
    }


def rosters():
    """A byte that chooses what is removed and how, and the file."""
    return {
        f"{name}-{how}": bytes([how]) + content
        for how in range(3)
        for name, content in key_files().items()
    }


def api_calls():
    """A byte that chooses the parser, and its text."""
    hash_ = b"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w"
    return {
        "path": b"\x00/agents/001/key",
        "path-escapes": b"\x00/agents/%2e%2E%2f%zz/group/%00/",
        "query": b"\x01agents_list=001,2&older_than=7d&purge=true&limit=500&status=active,all",
        "query-q": b"\x01q=name=web-01;id!=000;ip~10.&search=-web&select=id%2Cname,os.name",
        "query-q-bytes": b"\x01q=na\re=web-00\x01\xf4\xb4\xb4\xb4;id!=15\x03",
        "query-refused": b"\x01version=v4&%ff%0a=x&pretty&pretty=maybe",
        "basic": b"\x02Basic d2F6dWg6d2F6dWg=",
        "bearer": b"\x02Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZG1pbiJ9.AAAA",
        "bearer-empty": b"\x02bearer ..",
        "hash": b"\x03" + hash_,
        "hash-costly": b"\x03" + hash_.replace(b"14", b"63"),
        "add": b'\x04{"name":"web-01","ip":"any"}',
        "add-unknown": b'\x04{"name":"web-01","x\\ny":[1,{"a":null}]}',
        "add-unicode": b'\x04{"name":"\\ud800\\u00e4"}',
        "insert": b'\x05{"name":"a","id":"012","key":"'
        + HEX64
        + b'","force":{"enabled":true,"disconnected_time":'
        b'{"enabled":false,"value":"1h"},"after_registration_time":"1d"}}',
        "insert-key": b'\x05{"name":"a","key":"short"}',
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
        "huge": packet([], b"", 0xFFFFFFFF),
    }


def wire_messages():
    """Between the child that talks to a manager and its parent."""
    def number(value, size):
        return value.to_bytes(size, "little", signed=value < 0)

    def message(kind, *fields):
        body = b"".join(fields)
        return number(16 + len(body), 4) + number(kind, 4) + bytes(8) + body

    def text(content):
        return number(len(content), 4) + content

    def reason(content, start=0, end=0):
        return text(content) + number(start, 2) + number(end, 2)

    def result(outcome, flags=b"\0\0", after=0, why=reason(b""), last=(b"", b"", b"")):
        return message(3, number(outcome, 4), flags, number(after, 8), why, reason(b""),
                       *[text(content) for content in last])
    key = b"003 web-01 any " + HEX64
    return {
        "step": message(1, b"\2"),
        "go": message(4),
        "anchor": message(2, text(b"-----BEGIN CERTIFICATE-----\n")),
        "registered": result(0, last=(b"web,db", key, HEX64)),
        "registered-bare": result(0, last=(b"", key, b"")),
        "refused": result(5, b"\1\1", 90000000, reason(b"m:1515 says: Duplicate", 13, 22)),
        "removed": result(0, b"\2\0"),
        "finding": message(5, number(3, 4), text(b"chain"), text(b"does not lead to a CA in /ca")),
        "local": result(-12, why=reason(b"Cannot read the response: Cannot allocate memory")),
    }


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
    return {
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
        "no-type": request(200, user),
        "reload": b"\2\0",
        "closing": b"\2\1" + text(b"wazuh-authd is running"),
        "report": b"\4\1\1\x0f" + bytes(range(32)),
        "accepted": answer(0, 0, b"\0" + agent + text(b"any")),
        "refused": answer(0, 0, b"\x02" + text(b"Duplicate agent name: web-01")),
        "failed": answer(0, 2, b"\x0d" + text(b"Internal manager error adding agent: web-01")),
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
        "material-given": answer(7, 0, b"\0" + 2 * (b"\1" + text(b"/etc/x") + text(b"PEM"))
                                 + b"\0" + absent + given(b"secret") + b"\1"),
        "material-failed": answer(7, 2, b"\1"),
        "groups-page": answer(10, 0, b"\0\1" + bytes([1, 0, 0, 0]) + text(b"web") + bytes(4)
                              + text(b"00ff") + text(b"")),
        "removed": answer(8, 0, b"\0" + bytes([9, 0, 0, 0]) + b"\x81\x01"),
        "page": answer(9, 0, b"\0" + bytes(8) + bytes([1, 0, 0, 0]) + agent[:-68] + b"\x02"
                       + bytes(8) + b"\x01" + bytes(8) + given(b"web,db")),
        "page-bare": answer(9, 0, b"\0" + bytes(8) + bytes([1, 0, 0, 0]) + agent[:-68] + bytes(3)),
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
    }


def versions():
    def pair(agent, manager):
        return bytes([len(agent)]) + agent + manager
    return {
        "same": pair(b"v4.14.5", b"v4.14.5"),
        "newer": pair(b"5.0.0", b"v4.14.7"),
        "two-numbers": pair(b"v4.14", b"4.9"),
        "dots": pair(b"..4..7", b"v...."),
        "words": pair(b"Wazuh v4.7", b"vvvv"),
        "numbers": pair(b"99999999999", b"-1.-1"),
        "none": pair(b"", b""),
    }


def states():
    usual = (b"version=1\nagent_id=001\nagent_name=web-01\nmanager=m.example.org:1515\n"
             b"method=authd\nregistered_at=1700000000\nbound_machine=" + HEX64
             + b"\nbound_hardware=" + HEX64 + b"\nbound_transient=yes\ncounters_of=" + HEX64[:40]
             + b"\n")
    failed = (b"version=1\nattempts=7\nlast_outcome=unreachable\nlast_at=1700000000\n"
              b"last_manager=m:1515\nlast_error=Cannot connect\nboot=" + HEX64[:32]
              + b"\nschedule=unreachable 5000000 1700000005000000 m:1515\n"
              b"schedule=busy 1 2\nunanswered=1700000000 web-01 m:1515\n"
              b"unanswered=1700000001 web-02 other:1515\n")
    return {
        "usual": usual, "failed": failed, "padded": usual + b"\n" * 700, "empty": b"",
        "old": usual[len(b"version=1\n"):], "newer": usual.replace(b"version=1", b"version=9"),
        "many": b"".join(b"schedule=busy 1 2 m%d\n" % i for i in range(20)),
        "many-unanswered": b"".join(b"unanswered=9 a m%d\n" % i for i in range(20)),
        "numbers": b"attempts=-1\nlast_at=99999999999999999999\nregistered_at=1x\n",
        "no-lines": b"\0=\n==\nagent_id=" + b"9" * 40 + b"\nagent_id",
        "long": b"last_error=" + b"x" * 2000 + b"\nschedule=" + b"y" * 400 + b" 1 2 z\n",
    }


def histories():
    """Whose lines are looked at, and the file."""
    stamps = (b"001 web-01 any 2020-01-01 00:00:00\n002 web-02 any 2020-01-02 00:00:00\n"
              b"nonsense\n\n001 web-01 any 2021-01-01 00:00:00\n")
    return {
        "usual": b"\x00" + stamps, "second": b"\x01" + stamps, "nobody": b"\x02" + stamps,
        "no-newline": b"\x00" + stamps[:-1], "empty": b"\x00", "cut": b"\x00" + stamps[:20],
        "wrong-time": b"\x00001 web-01 any 2020-13-41 25:61:61\n001 web-01 any now\n",
        "nul": b"\x00001 web-01 any \0" + stamps, "within": b"\x00x001 y\n1001 z\n 001 a\n",
        "huge": b"\x00001 web-01 any 2147483647-99-99 99:99:99\n",
    }


def api_tokens():
    """How it is used, and a token, a payload, or a change."""
    payload = (b'{"iss":"wazuh","aud":"Wazuh API REST","nbf":1700000000,"exp":1700000900,'
               b'"sub":"admin","run_as":false,"rbac_roles":[1],"rbac_mode":"white",'
               b'"credential":"0123456789abcdef"}')
    return {
        "raw": b"\x00eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZG1pbiJ9.AAAA",
        "raw-dots": b"\x00..", "raw-dot": b"\x00a.b", "raw-none": b"\x00",
        "signed": b"\x01" + payload, "signed-none": b"\x01",
        "signed-late": b"\x01" + payload.replace(b"1700000900", b"1600000900"),
        "signed-early": b"\x01" + payload.replace(b"1700000000", b"1800000000"),
        "signed-nobody": b"\x01" + payload.replace(b"admin", b"root"),
        "signed-less": b"\x01" + payload[:payload.index(b'"run_as')],
        "signed-long": b"\x01" + payload + b" " * 400,
        "good": b"\x02", "changed": b"\x02\x00\x00\x05x", "changed-mac": b"\x02\x01\x01\x30_",
    }


def bearers():
    header = b'{"alg":"HS256","typ":"wazuh-enroll+jwt"}'
    claims = (b'{"exp":1700000060,"iat":1700000000,"jti":"AAECAwQFBgcICQoLDA0ODw",'
              b'"nbf":1700000000}')

    def signed(first=header, second=claims):
        return b"\x01" + first + b"\n" + second
    return {
        "signed": signed(),
        "signed-blanks": signed(header.replace(b":", b": ")),
        "signed-agent": signed(b'{"alg":"HS256","kid":"001","typ":"wazuh-enroll+jwt"}'),
        "signed-token": signed(b'{"alg":"HS256","kid":"AAECAwQFBgcICQoLDA0ODw"}'),
        "signed-none": signed(b'{"alg":"none"}'),
        "signed-twice": signed(second=claims[:-1] + b',"iat":1}'),
        "signed-negative": signed(second=claims.replace(b":1700000000,", b":-1,")),
        "signed-text": signed(second=claims.replace(b":1700000000,", b':"1",')),
        "signed-nonce": signed(second=claims.replace(b"Dw", b"")),
        "signed-less": signed(second=b"{}"), "signed-array": signed(second=b"[1]"),
        "signed-half": b"\x01" + header,
        "raw": b"\x00" + b".".join(base64.urlsafe_b64encode(part).rstrip(b"=")
                                   for part in (header, claims, bytes(32))),
        "raw-dots": b"\x00..", "raw-dot": b"\x00a.b", "raw-none": b"\x00",
        "good": b"\x02\x80\x00\x00\x00", "stale": b"\x02\x00\x00", "early": b"\x02\xff\xff",
        "changed": b"\x02\x80\x01\x00\x60",
    }


def request_steps():
    """Whether there is a password, and what is fed, paused at and finished."""
    def feed(text):
        return bytes([len(text) * 4 + 3]) + text
    pause, finish, fill = b"\x00", b"\x01", bytes([63 * 4 + 2])
    return {
        "whole": b"\x00" + feed(b"OSSEC A:'web-01'\n"),
        "pieces": b"\x00" + feed(b"OSSEC A:") + feed(b"'web-01' V:'4.7'") + feed(b"\nrest"),
        "pause": b"\x00" + pause + feed(b"OSSEC A:'web") + pause + feed(b"-01'") + pause,
        "pause-rest": b"\x00" + feed(b"OSSEC A:'web-01' G:") + pause + feed(b"'a'") + pause,
        "finish": b"\x00" + feed(b"OSSEC A:'web-01'") + finish,
        "nothing": b"\x00" + finish + pause,
        "password": b"\x01" + feed(b"OSSEC PASS: hor") + feed(b"se OSSEC A:'a' IP:'any'\r\n"),
        "wrong-password": b"\x01" + feed(b"OSSEC PASS: house OSSEC A:'a'\n"),
        "long": b"\x00" + feed(b"OSSEC A:'a' G:'") + (fill + b"a") * 5,
        "long-groups": b"\x00" + feed(b"OSSEC A:'a' G:'") + (fill + b"a") * 4 + feed(b"'\n"),
    }


def connections():
    """What client and owner do, one after the other: tests/fuzz/fuzz-connection.c."""
    def raw(data):
        data += b"\0" * (-len(data) % 4)
        return bytes([len(data) // 4 * 8]) + data

    def write(text):
        return b"".join(bytes([-(-len(text[i:i + 120]) // 4) * 8 + 2])
                        + text[i:i + 120].ljust(-(-len(text[i:i + 120]) // 4) * 4, b"\n")
                        for i in range(0, len(text), 120))

    connect, shake, send, loop = b"\x01", b"\x09", b"\xfb", b"\x04"
    byte, later, much_later = b"\x03", b"\x84" + b"\x8c", b"\xfc" * 10
    notify, half, close = b"\x05", b"\x0d", b"\x15"
    key, refusal, fault, nothing = b"\x06", b"\x0e", b"\x16", b"\x1e"
    password, none, stop = b"\x76", b"\x36", b"\x3e"
    request = write(b"OSSEC A:'web-01'\n") + send + loop + loop
    seeds = {"silent": b"", "port-check": close + loop, "late": much_later,
             "clear-text": raw(b"OSSEC A:'web-01'\n") + send + loop,
             "proxy": raw(b"PROXY TCP4 a b c d\r\n") + byte + loop + send + loop,
             "http": raw(b"GET / HTTP/1.1\r\n\r\n") + send + loop + loop + close + loop,
             "cut-hello": shake + byte * 9 + loop + half + loop,
             "late-hello": shake + byte * 9 + loop + much_later}
    for version in range(2):
        how = bytes([version])
        seeds.update({f"{name}-{version + 2}": how + steps for name, steps in {
            "key": connect + request + key + loop + loop + close,
            "refusal": connect + request + refusal + loop + notify + loop,
            "fault": connect + request + fault + loop + half + loop + later * 40,
            "nothing": connect + request + nothing + loop + close + loop,
            "pieces": shake + (byte * 20 + loop) * 8 + shake + (byte * 20 + loop) * 4 + request,
            "pause": connect + write(b"OSSEC A:'web'") + send + loop + later * 3 + key + loop,
            "half": connect + write(b"OSSEC A:'web1'") + notify + loop + loop + key + loop,
            "gone": connect + close + loop, "end": connect + notify + loop + loop,
            "flood": connect + b"\xff" * 4 + send + loop * 3,
            "flood-request": connect + b"\x2f" + request + key + loop + b"\xff" * 3 + send + loop,
            "garbage": connect + raw(b"\x17\x03\x03\x00\x04abcd") + send + loop + loop,
            "late-request": connect + loop + much_later, "late-end": connect + request + key
            + much_later,
            "stop": connect + stop + loop, "stop-late": connect + request + key + loop + stop,
            "twice": connect + request + request + key + loop + request + loop + close,
            "long": connect + (write(b"OSSEC A:'" + b"a" * 2000) + send + loop) * 5,
        }.items()})
    seeds = {name: steps if name[-2:] in ("-2", "-3") else b"\x00" + steps
             for name, steps in seeds.items()}
    seeds["wazuh"] = b"\x02" + connect + request + fault + loop + loop
    seeds["wazuh-too-long"] = b"\x03" + connect + (write(b"b" * 2000) + send + loop) * 36
    seeds["password"] = (b"\x05" + connect + write(b"OSSEC PASS: horse OSSEC A:'web'\n") + send
                         + loop + loop + key + loop)
    seeds["password-changed"] = b"\x00" + connect + password + request + fault + loop
    seeds["password-dropped"] = b"\x04" + connect + none + request + key + loop
    seeds["other-host"] = b"\x18" + connect + request + loop
    seeds["other-host-late"] = b"\x18" + connect + much_later
    return seeds


def main():
    write("reply", replies())
    write("request", requests())
    write("agent-key", records())
    write("packet", packets())
    write("registry-wire", registry_packets())
    write("keystore", key_files())
    write("config", configurations())
    write("exported-key", exported_keys())
    write("proxy", proxy_answers())
    write("api-reply", api_replies())
    write("enroll", enrollments())
    write("address", import_lines())
    write("roster", rosters())
    write("api-call", api_calls())
    write("wire", wire_messages())
    write("http-head", http_heads())
    write("version", versions())
    write("state", states())
    write("history", histories())
    write("token", api_tokens())
    write("bearer", bearers())
    write("request-buffer", request_steps())
    write("connection", connections())


if __name__ == "__main__":
    main()
