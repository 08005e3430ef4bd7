# SPDX-License-Identifier: ISC
"""Seeds for the targets of the client."""
import base64
import re

from seeds.shared import DATA, HEX64, records


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
        "dots": b"..",
        "long": b"001 web " + b"x" * 300 + b"\n",
        "comment-cut": b"# a comment",
    }


CONFIG_VALUES = [
    b"address = a\n",
    b"[manager] x\n",
    b"[tls]\nno equals\n",
    b"[manager]\naddress = a:99999\n",
    b"[manager]\naddress = [::1\n",
    b"[manager]\naddress = fe80::1%eth0\n",
    b"[manager]\naddress = 10.0.0.1:1515\naddress =\n",
    b"[manager]\n" + b"address = a\n" * 20,
    b"[manager]\naddress = a b\n",
    b"[manager]\nmethod = api\naddress = a\n",
    b"[manager]\nmethod = ap\n",
    b"[manager]\nmethod = import\n",
    b"[manager]\nport = 0\n",
    b"[manager]\nport = 1515\n",
    b"[manager]\nprefix = a//b\n",
    b"[manager]\nprefix = wazuh/\n",
    b"[manager]\nprefix = wazuh//\n",
    b"[manager]\nprefix = " + b"a" * 150 + b"\n",
    b"[manager]\naddress = " + b"a" * 280 + b"\n",
    b"[manager]\nmethod = import\n[auth]\nkey_file = /k\n",
    b"[manager]\nconnect_timeout = 3650d 1s\n",
    b"[manager]\nconnect_timeout = x\n",
    b"[manager]\nproxy = http://u:p@h\n",
    b"[manager]\nproxy = h:1\n",
    b"[manager]\nproxy = \x01\n",
    b"[manager]\nproxy = :x\n",
    b"[auth]\nproxy_password_file = /x\n[manager]\nproxy = h\naddress = a\n",
    b"[manager]\nconnect_timeout = 0\naddress = a\n",
    b"[manager]\nconnect_timeout = 1y 2x\n",
    b"[manager]\nattempt_timeout = 99999999999999999999\n",
    b"[manager]\nattempt_timeout =\n",
    b"[manager]\naddress = a\n[retry]\ninitial = 0\n",
    b"[retry]\ninitial = 1h\nmax = 1s\n",
    b"[tls]\nverify = maybe\n",
    b"[tls]\nverify = no\npin = sha256//x\n",
    b"[manager]\naddress = a\n[tls]\nverify = no\nca_file = /a\n",
    b"[tls]\nmin_version = 9\n",
    b"[manager]\naddress = a\n[tls]\nverify = no\n"
    b"pin = sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    b"[manager]\nmethod = enroll\n[tls]\nverify = no\n[auth]\ntoken_file = /t\n",
    b"[manager]\naddress = a\n[auth]\ntoken_file = /t\n",
    b"[tls]\nca_file = relative\n",
    b"[manager]\naddress = a\n[tls]\ncertificate_file = /a\n",
    b"[manager]\naddress = a\n[tls]\nprivate_key_file = /a\n",
    b"[manager]\nmethod = api\naddress = a\n[auth]\napi_user = a:b\napi_password_file = /p\n",
    b"[manager]\nmethod = api\naddress = a\n[auth]\napi_user = a\n",
    b"[manager]\nmethod = api\naddress = a\n[agent]\nip = src\n"
    b"[auth]\napi_user = a\napi_password_file = /p\n",
    b"[manager]\naddress = a\n[tls]\nca_file = /a\n[identity]\non_duplicate = replace\n",
    b"[identity]\non_duplicate = x\n",
    b"[agent]\nname = .web\n",
    b"[agent]\nname = %x\n",
    b"[agent]\nname = " + b"a" * 200 + b"\n",
    b"[agent]\nname = %\n",
    b"[agent]\nname = \xff\n",
    b"[agent]\ngroups = a b\n",
    b"[agent]\ngroups = a,,b\n",
    b"[agent]\nip = 10.0.0.300\n",
    b"[agent]\nip = 10.0.0.0/8\n",
    b"[agent]\nversion = x y\n",
    b"[agent]\nplaceholder_names = *.example.org,a?\n",
    b"[agent]\nplaceholder_names = *\n",
    b"[agent]\nno_such = 1\n",
    b"[agnt]\nname = a\n",
    b"[tls]\nname = a\n",
    b"[]\n",
    b"[tls\n",
    b"[tls]\nciphers = " + b"A" * 3000 + b"\n",
    b"[tls]\nci\0phers = A\n",
    b"[auth]\npassword = x\n",
]


def configurations():
    shipped = (DATA.parent.parent / "etc" / "agent-register.conf").read_bytes()
    return {
        "shipped": shipped,
        "uncommented": re.sub(rb"(?m)^#(?=[a-z_]+ =)", b"", shipped),
        "usual": b"[manager]\naddress = a.example.org\naddress = [::1]:99\n[tls]\nca_file = "
        b"/ca.pem\n"
        b"[agent]\nname = %l-%m\ngroups = web,db\n[retry]\nbudget = 1min 30s\n",
        "pin": b"[tls]\r\npin = sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n",
        "mark": b"\xef\xbb\xbf[tls]\nverify = no ; comment\n",
        **{f"value-{n}": text for n, text in enumerate(CONFIG_VALUES)},
        "option": b"manager.address=a.example.org",
        "option-wrong": b"manager-address",
        "typo": b"[tls]\nverfy = no\n",
        "section": b"[manger]\n",
        "empty": b"",
        "indented": b"[tls]\n  ciphers = A;B\n\tciphersuites =\n",
    }


def proxy_answers():
    return {
        "tunnel": b"\x05HTTP/1.1 200 Connection established\r\nVia: 1.1 "
        b"a\r\n\r\n\x16\x03\x03\x00\x7a",
        "interim": b"\x03HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\n\n",
        "schemes": b"\x10HTTP/1.1 407 Proxy Authentication Required\r\n"
        b'Proxy-Authenticate: NTLM ab==, Digest realm="Basic \\"", Basic realm=x\r\n\r\n',
        "forbidden": b"\xffHTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Folded: "
        b"a\r\n\tb\r\n\r\nbody",
        "no-colon": b"\x01HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "other": b"\x02SSH-2.0-OpenSSH_9.2\r\n",
        "line-feed": b"\x01HTTP/1.1 200 OK\n\n",
        "long": b"\xffHTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 16400,
        "switching": b"\xffHTTP/1.1 101 Switching\r\n\r\n",
        "status": b"\xffHTTP/1.1 20\r\n\r\n",
        "address": b"\x00http://user%3F@proxy.example.org:3128/\nm.example.org",
        "address-bare": b"\x00proxy\n[2001:db8::1]:99",
        "address-password": b"\x00http://user:secret@proxy",
        "address-escape": b"\x00us%zzer@proxy",
        "address-escape-colon": b"\x00us%3aer@proxy",
        "address-no-user": b"\x00@proxy",
        "address-long": b"\x00" + b"a" * 600,
        "address-wrong": b"\x00http://a b:x/",
        "address-scope": b"\x00proxy\nfe80::1%eth0",
    }


def tunnels():
    """How the proxy is used and how it ends, and its answer."""
    answers = {name: answer[1:] for name, answer in proxy_answers().items() if answer[0] != 0}
    statuses = (*range(200, 206), 301, 400, 401, 403, 404, 407, 408, 429, 500, 501, 502, 503, 504)
    both, half, closed = b"\x03", b"\x13", b"\x23"
    return {
        **{name: both + answer for name, answer in answers.items()},
        **{name + "-half": half + answer for name, answer in answers.items()},
        **{name + "-closed": closed + answer for name, answer in answers.items()},
        **{f"status-{n}": both + b"HTTP/1.1 %d\r\n\r\n" % n for n in (*statuses, 505)},
        "other-scheme": b"\x00HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\n\r\n",
        "no-user": b"\x00HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
        "echo": both + b"HTTP/1.1 403 admin:Tr0ub4dor&3\r\n\r\n",
        "echo-base64": both + b"HTTP/1.1 403 YWRtaW46VHIwdWI0ZG9yJjM=\r\n\r\n",
        "zone": b"\x04HTTP/1.1 200 OK\r\n\r\n",
        "unreachable": b"\x08",
        "direct": b"\x40",
        **{
            f"fault-{kind.decode()}-{n}": both + b"HTTP/1.1 200 OK\r\n\r\n\xfaF" + kind + bytes([n])
            for kind in (b"s", b"a", b"i", b"h")
            for n in range(4)
        },
        "silent": b"\x00",
        "end": b"\x10",
        "gone": b"\x20",
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
        **{
            f"status-{status}": bytes([status // 10, status % 10]) + b"{}"
            for status in (301, 400, 401, 403, 404, 405, 408, 409, 410, 425, 429, 500, 503, 504)
        },
        **{
            f"code-{code}": b"\x28\x00" + b'{"title":"x","detail":"y","error":%d}' % code
            for code in (1602, 1603, 1701, 1706, 1708, 4000, 4003, 6000, 9007, 9008, 9011, 9012)
        },
        "no-data": b'\x14\x00{"error":0}',
        "no-base64": b"\x14\x00" + b'{"data":{"id":"001","key":"!"},"error":0}',
        "no-line": b"\x14\x00"
        + b'{"data":{"id":"001","key":"'
        + base64.b64encode(b"001 a")
        + b'"},"error":0}',
        "dot-key": b"\x14\x00"
        + b'{"data":{"id":"001","key":"'
        + base64.b64encode(b"001 .web any " + HEX64)
        + b'"},"error":0}',
        "short-key": b"\x14\x00" + b'{"data":{"id":"001","key":"MDAxIGEgYW55IGI="},"error":0}',
    }


def enrollments():
    pin, key = (
        b"YJHcNmXtXoM8jZRfk-u_FLNwIMzudzNORJesLvNZCqI",
        b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    )
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
        **{
            f"document-wrong-{n}": b"d" + text
            for n, text in enumerate(
                [
                    b"{}",
                    b"[]",
                    b'{"ver":2}',
                    b'{"ver":1,"x":1}',
                    b'{"ver":1,"adr":"h"}',
                    b'{"ver":1,"adr":"h","pin":"' + pin + b'","ca":"x"}',
                    b'{"ver":1,"pin":"' + pin + b'"}',
                    b'{"ver":1,"adr":7,"pin":"' + pin + b'"}',
                    b'{"ver":1,"adr":"h:x","pin":"' + pin + b'"}',
                    b'{"ver":1,"adr":"h/a//b","pin":"' + pin + b'"}',
                    b'{"ver":1,"adr":"h","pin":"x"}',
                    b'{"ver":1,"adr":"h","pin":7}',
                    b'{"ver":1,"adr":"h","ca":7}',
                    b'{"ver":1,"adr":"h","pin":"' + pin + b'","key":"x"}',
                    b'{"ver":1,"adr":"h","pin":"' + pin + b'","key":7}',
                    b'{"ver":1,"adr":"h","pin":"' + pin + b'","key":"' + key + b'","id":"x"}',
                    b'{"ver":1,"adr":"h","pin":"' + pin + b'","id":"AAECAwQFBgcICQoLDA0ODw"}',
                ]
            )
        },
        "token-empty": b"t\n",
        "token-long": b"t" + b"A" * 20000,
        "token-letters": b"tab!c",
        **{
            f"accept-wrong-{n}": b"a" + text
            for n, text in enumerate(
                [
                    b"[]",
                    b"{",
                    b'{"id":"003"}',
                    b'{"id":7,"name":"a","ip":"any","key":"x"}',
                    b"{" + agent.replace(b"003", b"x") + b"}",
                    b"{" + agent.replace(b"any", b"x") + b"}",
                    b"{" + agent.replace(b"web-01", b"w b") + b"}",
                    b"{" + agent[:-9] + b'"}',
                    b"{" + agent + b',"reenroll_secret":"x"}',
                    b"{" + agent + b',"reenroll_secret":7}',
                    b"{" + agent + b',"x":1}',
                ]
            )
        },
        **{
            f"refuse-class-{name.decode()}": b"r\x65" + classes + name + b'"\n{}'
            for name in (
                b"unknown_agent",
                b"unknown_token",
                b"invalid_signature",
                b"invalid_request",
                b"x",
            )
        },
        **{
            f"refuse-code-{code}": b'r\x67\n{"error":{"code":%d,"message":"x"}}' % code
            for code in (9007, 9008, 9013, 9014, 9020, 9021, 9022, 9024, 9025, 1)
        },
        **{
            f"refuse-status-{status}": bytes([114, status]) + b"\n"
            for status in (0, 1, 100, 103, 104, 105, 108, 109, 113, 115, 129, 200, 203)
        },
        "accept": b"a{" + agent + b',"reenroll_secret":"' + HEX64 + b'"}',
        "accept-less": b"a{" + agent + b"}",
        "accept-twice": b"a{" + agent + b',"id":"004"}',
        "refuse-stale": b"r\x65"
        + classes
        + b'stale_token"\n{"error":{"code":"stale_token","message":"x"}}',
        "refuse-bare": b"r\x65Bearer\n"
        b'{"error":{"code":"enrollment_key_unavailable","message":"x"}}',
        "refuse-number": b'r\x67\n{"error":{"code":9023,"message":"Enrollment token expired"}}',
        "refuse-flat": b'r\xcb\n{"error":"Service Unavailable","code":503}',
        "refuse-html": b"r\xca\n<html>Bad Gateway</html>",
    }


def states():
    usual = (
        b"version=1\nagent_id=001\nagent_name=web-01\nmanager=m.example.org:1515\n"
        b"method=authd\nregistered_at=1700000000\nbound_machine="
        + HEX64
        + b"\nbound_hardware="
        + HEX64
        + b"\nbound_transient=yes\ncounters_of="
        + HEX64[:40]
        + b"\n"
    )
    failed = (
        b"version=1\nattempts=7\nlast_outcome=unreachable\nlast_at=1700000000\n"
        b"last_manager=m:1515\nlast_error=Cannot connect\nboot="
        + HEX64[:32]
        + b"\nschedule=unreachable 5000000 1700000005000000 m:1515\n"
        b"schedule=busy 1 2\nunanswered=1700000000 web-01 m:1515\n"
        b"unanswered=1700000001 web-02 other:1515\n"
    )
    return {
        "usual": usual,
        "failed": failed,
        "padded": usual + b"\n" * 700,
        "empty": b"",
        "old": usual[len(b"version=1\n") :],
        "newer": usual.replace(b"version=1", b"version=9"),
        "many": b"".join(b"schedule=busy 1 2 m%d\n" % i for i in range(20)),
        "many-unanswered": b"".join(b"unanswered=9 a m%d\n" % i for i in range(20)),
        "numbers": b"attempts=-1\nlast_at=99999999999999999999\nregistered_at=1x\n",
        "no-lines": b"\0=\n==\nagent_id=" + b"9" * 40 + b"\nagent_id",
        "cut-unanswered": b"version=1\nunanswered=1 web-01\nschedule=busy\n",
        "long": b"last_error=" + b"x" * 2000 + b"\nschedule=" + b"y" * 400 + b" 1 2 z\n",
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
        return message(
            3,
            number(outcome, 4),
            flags,
            number(after, 8),
            why,
            reason(b""),
            *[text(content) for content in last],
        )

    key = b"003 web-01 any " + HEX64
    return {
        "step": message(1, b"\2"),
        "go": message(4),
        "own": message(6, text(b"web-01.example.org"), text(b"fd00::15")),
        "name": message(7, text(b"ip-fd00--15"), number(60_000_000, 8)),
        "anchor": message(2, text(b"-----BEGIN CERTIFICATE-----\n")),
        "registered": result(0, last=(b"web,db", key, HEX64)),
        "registered-bare": result(0, last=(b"", key, b"")),
        "refused": result(5, b"\1\1", 90000000, reason(b"m:1515 says: Duplicate", 13, 22)),
        "removed": result(0, b"\2\0"),
        "finding": message(5, number(3, 4), text(b"chain"), text(b"does not lead to a CA in /ca")),
        "step-unknown": message(1, b"\xff"),
        "anchor-empty": message(2, text(b"")),
        "utf-8": result(
            -2,
            why=reason(
                "Cannot read /etc/\u00fc\u00e9\u07ff\u0800\u20ac\ud7ff\uffee/"
                "\U00010000\U000f0000\U0010ffff".encode()
            ),
        ),
        **{
            f"utf-8-wrong-{n}": result(-2, why=reason(content))
            for n, content in enumerate(
                [
                    b"\x1f",
                    b"\xc0\xaf",
                    b"\xc2\x9b",
                    b"\xe2\x82",
                    b"\xed\xa0\x80",
                    b"\xf5\x80",
                    b"\x7f",
                ]
            )
        },
        "message-reversed": result(5, why=reason(b"m:1515 says: no", 9, 3)),
        "message-behind": result(5, why=reason(b"m:1515 says: no", 3, 90)),
        "no-outcome": result(77),
        "no-errno": result(-5000),
        "key-refused": result(5, last=(b"", key, b"")),
        "key-wrong": result(0, last=(b"", b"003 .web any " + HEX64, b"")),
        "secret-wrong": result(0, last=(b"", key, b"x")),
        "secret-alone": result(5, last=(b"", b"", HEX64)),
        "groups-wrong": result(0, last=(b"a b", b"", b"")),
        "late": result(4, after=10**17),
        "removed-refused": result(5, b"\2\0"),
        "finding-wrong": message(5, number(-1, 4), text(b"\n"), text(b"x")),
        "kind-unknown": message(9),
        "go-long": message(4, b"x"),
        "long": result(0, why=reason(b"x" * 3000)),
        "registered-empty": result(0),
        "registered-other": result(0, last=(b"", key.replace(b"web-01", b"web-02"), b"")),
        "anchor-wrong": message(2, text(b"x")),
        "anchor-long": message(2, text(b"x" * 4000)),
        "secret": result(5, why=reason(b"m:1515 says: Tr0ub4dor&3")),
        "secret-name": result(0, last=(b"", key.replace(b"web-01", b"web-01-" + HEX64), b"")),
        "secret-finding": message(5, number(3, 4), text(b"x"), text(b"tr0ub4dor&3")),
        "secret-groups": result(0, last=(HEX64, key, b"")),
        "secret-key-file": result(
            5, why=reason(b"MC4CAQAwBQYDK2VwBCIEIBHpFYYLWFCdXqm2Q5Rv7vQ1Gm0kZq3nXo5t2vW8sYbR")
        ),
        "cancelled": result(-125),
        "local": result(-12, why=reason(b"Cannot read the response: Cannot allocate memory")),
    }


def conversations():
    """Which task, what the attempt is like, and steps; see fuzz-conversation.c."""
    wire = wire_messages()
    whole = b"\x1e"

    def send(name):
        return b"\0" + len(wire[name]).to_bytes(2, "big") + wire[name]

    def step(which):
        return b"\x05" + bytes([which])

    pass_, stop, gone, long = b"\x01", b"\x02", b"\x03", b"\x04"
    sending = step(0) + step(1) + step(2) + step(3)
    return {
        **{f"register-{name}": b"\0" + whole + send(name) for name in wire},
        **{f"remove-{name}": b"\x01" + whole + send(name) for name in wire},
        **{f"inspect-{name}": b"\x02" + whole + send(name) for name in wire},
        "whole": b"\0" + whole + sending + send("registered"),
        "kept-name": b"\0\x3e" + sending + send("registered"),
        "kept-name-other": b"\0\x20" + send("registered-other"),
        "anchor": b"\0\x5e" + sending + send("anchor") * 2 + send("registered"),
        "anchor-wrong": b"\0\x40" + send("anchor-wrong") + send("registered"),
        "anchor-none": b"\0\x40" + send("registered"),
        "anchor-refused": b"\0\x40" + send("anchor") + send("refused"),
        "anchor-long": b"\0\x40" + send("anchor-long") * 20,
        "not-remembered": b"\0\x01" + sending + send("registered"),
        "crashed": b"\0\0" + sending + gone + b"\x0b",
        "ended": b"\0\0" + sending + gone + b"\0",
        "late": b"\0\0" + sending + pass_ + send("registered"),
        "too-late": b"\0\0" + sending + pass_ * 3,
        "stopped": b"\0\0" + sending + stop + pass_ * 2,
        "stopped-key": b"\0\0" + sending + stop + send("registered"),
        "stopped-refused": b"\0\0" + stop + step(2) + send("refused"),
        "long": b"\0\0" + long,
        "steps": b"\0\0" + step(3) * 2100,
        "finding-steps": b"\x02\0" + send("finding") * 40,
        "secret": b"\0" + whole + send("secret"),
        "secret-name": b"\0" + whole + send("secret-name"),
        "secret-finding": b"\x02" + whole + send("secret-finding"),
        "secret-groups": b"\0" + whole + send("secret-groups"),
        "secret-key-file": b"\0" + whole + send("secret-key-file"),
        "no-key": b"\0\0" + send("registered-empty"),
        "cancelled": b"\0\0" + send("cancelled"),
    }


def reenroll_secrets():
    return {
        "usual": b"001 " + HEX64 + b"\n",
        "bare": b"001 " + HEX64,
        "crlf": b"1024 " + HEX64 + b"\r\n",
        "capitals": b"001 " + HEX64.upper(),
        "short": b"001 " + HEX64[:60],
        "no-id": b" " + HEX64,
        "no-blank": HEX64,
        "two-blanks": b"001  " + HEX64,
        "empty": b"",
        "end": b"\r\n",
    }


def agent_files():
    """ossec.conf, behind a byte that says for which agent it is and what is wanted."""
    def wanted(generation, managers=0, enrollment=0, one=0, groups=0):
        return bytes([generation + 4 * managers + 12 * enrollment + 36 * one + 72 * groups])

    ossec, wazuh, wazuh_5 = 0, 2, 3
    yes, force = 1, 2
    off, same = 1, 2
    server = b"<server>\n<address>%b</address>\n<port>1514</port>\n</server>\n"
    client = b"<ossec_config>\n <client>\n  %b </client>\n</ossec_config>\n"
    placeholder = client % (server % b"MANAGER_IP")
    return {
        "ossec": wanted(ossec, yes) + client % b"<server-ip>0.0.0.0</server-ip>\n",
        "ossec-declaration": wanted(ossec, force) + b"<?xml version='1'?>" + placeholder,
        "wazuh": wanted(wazuh, yes, off) + placeholder,
        "wazuh-same": wanted(wazuh, 0, same, 0, 1) + client % (
            b"<enrollment><agent_name>a</agent_name><groups>b</groups></enrollment>"),
        "wazuh-crlf": wanted(wazuh, force, off) + placeholder.replace(b"\n", b"\r\n"),
        "wazuh-comments": wanted(wazuh, yes, off) + b"<!-- a -->" + client % (
            server % b"<! b !>MANAGER_IP<!-- c -->"),
        "wazuh-empty": wanted(wazuh, yes, off) + b"<ossec_config><client/></ossec_config>",
        "wazuh-escapes": wanted(wazuh, force) + client % b"<a k='1'>b && c \\\\< \\<d</a>\n",
        "wazuh-variable": wanted(wazuh, yes) + b"<var name='M'>IP</var>" + client % (
            server % b"$M"),
        "endpoint": wanted(wazuh_5, yes, off, 1) +
            b"<ossec_config><agent><manager><endpoint>https://IP:1517/a</endpoint></manager>"
            b"</agent></ossec_config>",
        "wazuh-protocols": wanted(wazuh, force) + client % (
            b"<server><address>a</address><protocol>udp</protocol></server>"
            b"<server><protocol>tcp</protocol><max_retries>5</max_retries></server>"),
        "wazuh-old-elements": wanted(wazuh, force) + client % (
            b"<server-ip>192.0.2.1</server-ip><port>1</port><protocol>udp</protocol>"),
        "wazuh-attributes": wanted(wazuh, force) + b"<a %b>" % b" ".join(
            b"a%d=''" % i for i in range(60)),
        "wazuh-outside": wanted(wazuh, yes, off) + b"<a><server>b</server></a>\r\n" + placeholder +
            b"<!-- c -->\n <localfile>\t<command>d && e</command>\n </localfile> f\n",
        "endpoint-and-address": wanted(wazuh_5, force, same) +
            b"<ossec_config><agent><manager><endpoint>a</endpoint></manager>"
            b"<server><address>b</address></server><ssl><key>c</key></ssl>"
            b"<enrollment><use_source_ip>yes</use_source_ip></enrollment></agent></ossec_config>",
        "old-client": wanted(wazuh_5, force, off, 1) + placeholder,
        "open": wanted(wazuh, yes) + b"<ossec_config><client><!-- </client>",
    }


SEEDS = {
    "ossec-conf": agent_files,
    "reenroll-secret": reenroll_secrets,
    "keystore": key_files,
    "config": configurations,
    "proxy": proxy_answers,
    "tunnel": tunnels,
    "api-reply": api_replies,
    "enroll": enrollments,
    "state": states,
    "wire": wire_messages,
    "conversation": conversations,
}
