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
                                 + b"\0" + absent + given(b"secret")),
        "material-failed": answer(7, 2, b"\1"),
        "groups-page": answer(10, 0, b"\0\1" + bytes([1, 0, 0, 0]) + text(b"web") + bytes(4)
                              + text(b"00ff") + text(b"")),
        "removed": answer(8, 0, b"\0" + bytes([9, 0, 0, 0]) + b"\x81\x01"),
        "page": answer(9, 0, b"\0" + bytes(8) + bytes([1, 0, 0, 0]) + agent[:-68] + b"\x02"
                       + bytes(8) + b"\x01" + bytes(8) + given(b"web,db")),
        "page-bare": answer(9, 0, b"\0" + bytes(8) + bytes([1, 0, 0, 0]) + agent[:-68] + bytes(3)),
    }


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


if __name__ == "__main__":
    main()
