# SPDX-License-Identifier: ISC
"""Seeds for the targets of the registrar."""
import hashlib

from seeds.client import key_files
from seeds.shared import HEX64, failing


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
        "quotes": b'"10.0.0.1" ;" web-01";"";',
        "quote-open": b'any,"web-01',
        "header": b"IP Address\tHost Name",
        "header-other": b"ip,name",
        "empty": b"",
        "one": b"any",
        "quote-behind": b'"any"x,web-01',
        "long": b"1.2.3.4/255.255.255.255.255," + b"a" * 40,
        "numbers": b"1.2.3.4.5,web-01",
        "prefix": b"10.0.0.0/33,web-01",
        "prefix-none": b"10.0.0.0/,web-01",
        "prefix-six": b"2001:db8::/129,web-01",
    }


def rosters():
    """A byte that chooses what is removed and how, and the file."""

    def record(id_, name=b"web", ip=b"any"):
        return b" ".join([id_, name, ip, HEX64]) + b"\n"

    highest = b"".join(record(b"%d" % n, b"w%d" % n) for n in range(99999999, 99999990, -1))
    files = {
        **key_files(),
        "unsorted": record(b"009", b"a") + record(b"003", b"b") + record(b"0003", b"c"),
        "highest": highest,
        "highest-rising": record(b"99999998", b"a") + record(b"99999999", b"b"),
        "highest-and-others": record(b"001", b"x") + highest + record(b"005", b"y"),
        "same-id": record(b"003", b"a") + record(b"003", b"b") + b"003 !c any " + HEX64 + b"\n",
        "addresses": record(b"001", b"a", b"10.0.0.0/8")
        + record(b"002", b"b", b"10.0.0.1")
        + record(b"003", b"c", b"::ffff:10.0.0.1")
        + record(b"004", b"d", b"10.0.0.1/32"),
    }
    seeds = {
        f"{name}-{how}": bytes([how]) + content
        for how in range(3)
        for name, content in files.items()
    }
    seeds |= failing(
        "several",
        seeds["several-1"],
        m=[0, 1, 2, 3, 4, *range(8, 19), 22],
        s=[4, 6, 17, 18, 20, 21, 22, 23, 24],
        p=[5, 12, 13, 20],
        i=[4],
        h=[1, 2],
    )
    return seeds


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
        "old": pair(b"v3.13.6", b"3.13"),
        "leading-dot": pair(b"v4.14.6", b"v4.15.0"),
        "leading-dot-old": pair(b"v4.13.9", b"v4.14.5"),
    }


def histories():
    """Whose lines are looked at, and the file."""
    stamps = (
        b"001 web-01 any 2020-01-01 00:00:00\n002 web-02 any 2020-01-02 00:00:00\n"
        b"nonsense\n\n001 web-01 any 2021-01-01 00:00:00\n"
    )
    seeds = {
        "usual": b"\x00" + stamps,
        "second": b"\x01" + stamps,
        "nobody": b"\x02" + stamps,
        "no-newline": b"\x00" + stamps[:-1],
        "empty": b"\x00",
        "cut": b"\x00" + stamps[:20],
        "wrong-time": b"\x00001 web-01 any 2020-13-41 25:61:61\n001 web-01 any now\n",
        "nul": b"\x00001 web-01 any \0" + stamps,
        "within": b"\x00x001 y\n1001 z\n 001 a\n",
        "huge": b"\x00001 web-01 any 2147483647-99-99 99:99:99\n",
    }
    seeds |= failing(
        "usual",
        seeds["usual"],
        m=[0, 1, 3, 4, 5, 6, 7],
        s=[1, 4, 6, 8, 13, 18, 19, 20, 21, 22, 24, 25],
        p=[4, 11, 12],
        i=[5, 8],
        h=[1, 2, 3],
    )
    return seeds


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
        return b"".join(
            bytes([-(-len(text[i : i + 120]) // 4) * 8 + 2])
            + text[i : i + 120].ljust(-(-len(text[i : i + 120]) // 4) * 4, b"\n")
            for i in range(0, len(text), 120)
        )

    connect, shake, send, loop = b"\x01", b"\x09", b"\xfb", b"\x04"
    byte, later, much_later = b"\x03", b"\x84" + b"\x8c", b"\xfc" * 10
    notify, half, close = b"\x05", b"\x0d", b"\x15"
    key, refusal, fault, nothing = b"\x06", b"\x0e", b"\x16", b"\x1e"
    password, none, stop = b"\x76", b"\x36", b"\x3e"
    request = write(b"OSSEC A:'web-01'\n") + send + loop + loop
    seeds = {
        "silent": b"",
        "port-check": close + loop,
        "late": much_later,
        "clear-text": raw(b"OSSEC A:'web-01'\n") + send + loop,
        "proxy": raw(b"PROXY TCP4 a b c d\r\n") + byte + loop + send + loop,
        "http": raw(b"GET / HTTP/1.1\r\n\r\n") + send + loop + loop + close + loop,
        "cut-hello": shake + byte * 9 + loop + half + loop,
        "late-hello": shake + byte * 9 + loop + much_later,
    }
    for version in range(2):
        how = bytes([version])
        seeds.update(
            {
                f"{name}-{version + 2}": how + steps
                for name, steps in {
                    "key": connect + request + key + loop + loop + close,
                    "refusal": connect + request + refusal + loop + notify + loop,
                    "fault": connect + request + fault + loop + half + loop + later * 40,
                    "nothing": connect + request + nothing + loop + close + loop,
                    "pieces": shake
                    + (byte * 20 + loop) * 8
                    + shake
                    + (byte * 20 + loop) * 4
                    + request,
                    "pause": connect
                    + write(b"OSSEC A:'web'")
                    + send
                    + loop
                    + later * 3
                    + key
                    + loop,
                    "half": connect + write(b"OSSEC A:'web1'") + notify + loop + loop + key + loop,
                    "gone": connect + close + loop,
                    "end": connect + notify + loop + loop,
                    "flood": connect + b"\xff" * 4 + send + loop * 3,
                    "flood-request": connect
                    + b"\x2f"
                    + request
                    + key
                    + loop
                    + b"\xff" * 3
                    + send
                    + loop,
                    "garbage": connect + raw(b"\x17\x03\x03\x00\x04abcd") + send + loop + loop,
                    "late-request": connect + loop + much_later,
                    "late-end": connect + request + key + much_later,
                    "stop": connect + stop + loop,
                    "stop-late": connect + request + key + loop + stop,
                    "twice": connect + request + request + key + loop + request + loop + close,
                    "long": connect + (write(b"OSSEC A:'") + b"\x02\x08" + send + loop) * 5,
                }.items()
            }
        )
    seeds = {
        name: steps if name[-2:] in ("-2", "-3") else b"\x00" + steps
        for name, steps in seeds.items()
    }
    unended = b"\xfaOSSEC A:'web-01'\0" + send + loop
    seeds["pause-unended"] = b"\x01" + connect + unended + later * 3 + key + loop + close
    seeds["half-unended"] = b"\x01" + connect + unended + half + loop + key + loop + close
    seeds["notify-unended"] = b"\x00" + connect + unended + notify + loop + key + loop
    seeds["wazuh"] = b"\x02" + connect + request + fault + loop + loop
    seeds["wazuh-too-long"] = b"\x03" + connect + (b"\x02\x08" + send + loop) * 36
    seeds["password"] = (
        b"\x05"
        + connect
        + write(b"OSSEC PASS: horse OSSEC A:'web'\n")
        + send
        + loop
        + loop
        + key
        + loop
    )
    seeds["password-changed"] = b"\x00" + connect + password + request + fault + loop
    seeds["password-dropped"] = b"\x04" + connect + none + request + key + loop
    seeds["other-host"] = b"\x18" + connect + request + loop
    seeds["other-host-late"] = b"\x18" + connect + much_later
    seeds |= failing(
        "key",
        seeds["key-3"],
        m=[0, 1, 3],
        s=[0, 1],
        a=[0, 1],
        i=[0, 1],
        l=[*range(6), *range(8, 12)],
    )
    return seeds | failing("wazuh", seeds["wazuh"], l=[10, 11, 12])


def auth_blocks():
    whole = b"""<ossec_config>
  <!-- <auth><port>1</port></auth> -->
  <auth>
    <disabled>no</disabled><port>1515</port><use_source_ip> yes </use_source_ip>
    <use_password>yes</use_password><ciphers>HIGH:!ADH</ciphers>
    <ssl_agent_ca></ssl_agent_ca><ssl_verify_host>no</ssl_verify_host>
    <ssl_manager_cert>etc/sslmanager.cert</ssl_manager_cert>
    <ssl_manager_key>etc/sslmanager.key</ssl_manager_key>
    <force>
      <enabled>yes</enabled><key_mismatch>yes</key_mismatch>
      <disconnected_time enabled="yes">1h</disconnected_time>
      <after_registration_time>1d</after_registration_time>
    </force>
    <allow_higher_versions>no</allow_higher_versions>
  </auth>
</ossec_config>
"""
    return {
        "whole": whole,
        "twice": whole + whole.replace(b"1515", b"99999"),
        "not-connected": whole.replace(b'"yes"', b'"no"').replace(b"1h", b"2w"),
        "times": whole.replace(b"1h", b"30m").replace(b"1d", b"99999999999999999999w"),
        "times-odd": whole.replace(b"1h", b"-1").replace(b"1d", b"7x"),
        "open-comment": b"<auth><!-- </auth>",
        "open": b"<auth><port>1</port>",
        "open-tag": b"<auth><port",
        "attributes": b'<auth a="b"\t>\n<port >7</port></auth>',
        "long": b"<auth><ciphers>"
        + b"x" * 1100
        + b"</ciphers><port>1234567890123456</port></auth>",
        "other": b"<authd>1</authd><auth></auth>",
        "nul": b"<auth>\0<port>1</port></auth>",
        "empty": b"",
    }


def user_files():
    hash_ = (
        b"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" b"cCO9yzr9c0hGHAbNgf046w8DsCFzCVDHWdfuuxWnzVI"
    )
    admin = b"admin:" + hash_ + b"\n"
    seeds = {
        "one": admin,
        "several": b"# users\n\n \t\n" + admin + b"wazuh-wui:" + hash_,
        "new": admin + b"new-user:" + hash_ + b"\n",
        "twice": admin + admin,
        "short": b"abc:" + hash_,
        "characters": b"ad min:" + hash_,
        "no-colon": b"admin\n",
        "no-hash": b"admin:\n",
        "cut": admin[:60],
        "crlf": admin[:-1] + b"\r\n",
        "empty": b"",
        "many": b"".join(b"user%02d:%s\n" % (i, hash_) for i in range(10)),
    }
    return seeds | failing(
        "several",
        seeds["several"],
        m=[0, 3, 4, 7, 8, 11, 12, 13],
        s=[4, 6, 9, 13, 25, 28, 29],
        p=[4, 11, 12, 50],
        i=[5],
        h=[2, 3],
    )


def secret_files():
    """Of two agents with the same key, one of which has enrolled again."""
    mark, other = hashlib.sha256(b"5a" * 32).hexdigest()[:32], "00112233445566778899aabbccddeeff"
    first = f"001 - {mark} {'01' * 32} -\n"
    again = f"001 {mark} {other} {'02' * 32} {'01' * 32}\n"
    text = first + f"002 - {mark} {'03' * 32} {'04' * 32}\n" + again
    return {
        "usual": text.encode(),
        "same-key": f"{first}001 {mark} {mark} {'02' * 32} {'01' * 32}\n".encode(),
        "anew": f"{text}001 - {other} {'05' * 32} -\n".encode(),
        "no-base": f"{text}001 {'66' * 16} {other} {'05' * 32} -\n".encode(),
        "cut": (text + again[:-1]).encode(),
        "nonsense": f"\n001\n001 - - - -\n{first.upper()}{first[:-2]} \n{text}".encode(),
        "empty": b"",
    }


def stamp_files():
    """How it changes, how much there is at first, how often its beginning is repeated."""
    stamps = (
        b"001 web-01 any 2020-01-01 00:00:00\n002 web-02 any 2020-01-02 00:00:00\n"
        b"nonsense\n\n001 web-01 any 2021-01-01 00:00:00\n"
    )
    seeds = {
        "usual": b"\x00\x00\x23\x00" + stamps,
        "replaced": b"\x01\x00\x23\x00" + stamps,
        "cut": b"\x00\x00\x10\x00" + stamps,
        "no-newline": b"\x00\xff\xff\x00" + stamps[:-1],
        "long": b"\x00\x20\x00\xff" + stamps,
        "long-line": b"\x00\x40\x00\xff" + b"x" * 300,
        "long-line-ends": b"\x00\x00\x00\xff" + b"x" * 512 + b"\n" + stamps,
        "empty": b"\x00\x00\x00\x00",
        "other-name": b"\x00\x00\x00\x00001 x any 2020-01-01\n",
    }
    return seeds


def group_lists():
    seeds = {
        "one": b"web",
        "two": b"web,db",
        "line": b"web,db\n",
        "lines": b"web\r\ndb\n",
        "empty": b"",
        "comma": b",",
        "commas": b"web,,db",
        "ends": b"web,",
        "begins": b",web",
        "blank": b"we b",
        "blank-list": b"web,d b",
        "slash": b"web/db",
        "dots": b"..",
        "dots-list": b"a,..",
        "long": b"x" * 256,
        "long-name": b"a," + b"x" * 256,
        "many": b",".join(b"g%03d" % i for i in range(130)),
        "same": b"a,b,a,a",
        "usual": b"default",
        "high": b"\xc3\xa4,b",
        "nul": b"a\0b",
    }
    seeds |= failing(
        "one",
        seeds["one"],
        m=[0, 3, 4, 5, 7, 8],
        s=[1, 2, 3, 4, 6, 11, 17, 18, 19, 25, 28, 29, 31, 54],
        p=[3, 5, 9, 12, 13],
        h=[1, 2],
    )
    return seeds


def rule_requests():
    """By which policy, and a line."""
    full = b"OSSEC A:'web-01' V:'v4.14.5' G:'web,db' IP:'10.0.0.0/8'"
    seeds = {f"full-{how:02x}": bytes([how]) + full for how in (0, 1, 2, 5, 0x13, 0x3F)}
    seeds.update(
        {
            "bare": b"\x01OSSEC A:'web-01'",
            "source": b"\x13OSSEC A:'web-01' IP:'src'",
            "source-none": b"\x03OSSEC A:'web-01' IP:'src'",
            "dot": b"\x01OSSEC A:'.web'",
            "dot-new": b"\x05OSSEC A:'.web'",
            "dot-old": b"\x0dOSSEC A:'.web'",
            "dot-allowed": b"\x25OSSEC A:'.web'",
            "name": b"\x01OSSEC A:'w b'",
            "newer": b"\x05OSSEC A:'web-01' V:'v5.0.0'",
            "groups": b"\x01OSSEC A:'web-01' G:'a,,b'",
            "address": b"\x01OSSEC A:'web-01' IP:'10.0.0.300'",
            "address-ossec": b"\x00OSSEC A:'web-01' IP:'2001:db8::/32'",
            "open": b"\x01OSSEC A:'web",
        }
    )
    return seeds


def local_answers():
    """What is asked, and what the socket says: a length and JSON."""

    def answer(how, text, length=None):
        return bytes([how]) + (len(text) if length is None else length).to_bytes(4, "little") + text

    added = b'{"error":0,"data":{"id":"007","name":"web-01","ip":"any","key":"' + HEX64 + b'"}}'
    refused = b'{"error":9007,"message":"Duplicate \\"IP\\"\n"}'
    seeds = {
        "found": answer(0, b'{"error":9011,"message":"Agent ID not found"}'),
        "added": answer(1, added),
        "added-unnumbered": answer(2, added),
        "refused": answer(1, refused),
        "removed": answer(3, b'{"error" : 0 , "data":"x"}'),
        "purged": answer(7, b'{"error":0}'),
        "no-error": answer(3, b"{}"),
        "no-number": answer(3, b'{"error":"x"}'),
        "open-text": answer(1, b'{"error":0,"id":"00'),
        "open-escape": answer(1, b'{"error":1,"message":"a\\'),
        "no-text": answer(1, b'{"error":1,"id":7}'),
        "nul": answer(1, b'{"error":1\0,"id":"1"}'),
        "long": answer(1, b"", 70000),
        "huge": answer(1, b"", 0xFFFFFFFF),
        "cut": answer(1, added, 2000),
        "cut-length": b"\x01\x05\x00",
        "silent": b"\x00",
        "long-id": answer(
            1, b'{"error":0,"id":"' + b"9" * 40 + b'","message":"' + b"m\xff" * 200 + b'"}'
        ),
    }
    seeds |= failing(
        "added", seeds["added"], m=[0], s=[0], p=[1, 2, 3, 4], a=[2, 5], i=[1, 4, 5], h=[2, 4]
    )
    seeds |= failing("found", seeds["found"], m=[0], p=[0, 1, 2, 3], i=[4, 5])
    return seeds


def enrollment_tokens():
    head = b"agent-registrar enrollment tokens 1\n"
    one = (b"AAECAwQFBgcICQoLDA0ODw EBESExQVFhcYGRobHB0eHw 1700000000 1800000000 0 0 valid "
           b"manager.example\n")
    used = (b"EBESExQVFhcYGRobHB0eHw EBESExQVFhcYGRobHB0eHw 1 2 3 4 revoked "
            b"[2001:db8::1]:55000/a/b web servers\n")
    return {
        "none": head,
        "one": head + one,
        "two": head + one + used,
        "twice": head + one + one,
        "cut": head + one[:-1],
        "version": head.replace(b"1", b"2") + one,
        "number": head + one.replace(b" 0 0 ", b" 00 0 "),
        "default": head + one.replace(b".example", b":1517"),
        "zero": head + one.replace(b" valid", b"\0valid"),
        "description": head + one[:-1] + b" \xc3\xa4\n",
        "empty": b"",
        "json": b'{"tokens":[]}\n',
    }


SEEDS = {
    "auth-block": auth_blocks,
    "enroll-tokens": enrollment_tokens,
    "users": user_files,
    "secrets": secret_files,
    "stamps": stamp_files,
    "groups": group_lists,
    "request-rules": rule_requests,
    "local-authd": local_answers,
    "address": import_lines,
    "roster": rosters,
    "version": versions,
    "history": histories,
    "request-buffer": request_steps,
    "connection": connections,
}
