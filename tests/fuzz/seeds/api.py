# SPDX-License-Identifier: ISC
"""Seeds for the targets of the registrar's API."""
import base64

from seeds.shared import HEX64, failing


def api_calls():
    """A byte that chooses the parser, and its text."""
    names = b"12:34", b"x y", b"a" * 300, b"%ff"
    wrong = {
        f"query-wrong-{n}": b"\x01" + text
        for n, text in enumerate(
            [
                b"limit=-1",
                b"limit=99",
                b"limit=x",
                b"limit=99999999999999999999",
                b"limit=0",
                b"pretty=x",
                b"purge=x",
                b"purge=TRUE",
                b"agents_list=1,all,x",
                b"agents_list=x&agents_list=1",
                b"agents_list=01",
                b"agents_list=001&agents_list=002",
                b"ids=001,x",
                b"ids=001",
                b"word=one",
                b"word=three",
                b"older_than=7x",
                b"older_than=999999999999999999999d",
                b"group=web",
                b"group=all",
                b"group=..",
                b"group=a%20b",
                b"sort=-name,id",
                b"sort=a%25",
                b"status=ACTIVE,all",
                b"status=%e0%9f%41",
                b"select=a%20b",
                b"version=",
                b"search=%00",
                b"a=1&" * 80,
                b"unknown=%22%5c%09%0d%c2%a0%e2%82%ac%f0%9f%98%80%ed%a0%80%f0%80",
                b"limit=%22%27%5c%09%0d%7f%c2%a0%c2%ad%e2%82%ac%e0%80%80",
                *(b"version=" + name for name in names),
                *(b"limit=" + name for name in names),
            ]
        )
    }
    bodies = {
        f"add-wrong-{n}": b"\x04" + text
        for n, text in enumerate(
            [
                b"",
                b"{",
                b"[" * 600,
                b"null",
                b'"x"',
                b"[1,2.5,1e300,true,false,null]",
                b'{"name":5}',
                b'{"name":["a",{"b":1.5}]}',
                b'{"name":""}',
                b'{"name":null,"ip":"any"}',
                b'{"ip":"any"}',
                b'{"name":"a","ip":7}',
                b'{"name":"a","ip":"\xc3\xa4"}',
                b'{"name":"a","force":1}',
                b'{"name":"a","force":{"enabled":1}}',
                b'{"name":"a","force":{"x":1}}',
                b'{"name":"a","force":{"disconnected_time":1}}',
                b'{"name":"a","force":{"disconnected_time":{"value":"x"}}}',
                b'{"name":"a","force":{"disconnected_time":{"x":"x"}}}',
                b'{"name":"a","force":{"disconnected_time":{"enabled":1,"value":1}}}',
                b'{"name":"a","force":{"after_registration_time":"1y"}}',
                b'{"name":"a","force":{"after_registration_time":7}}',
                b'{"name":"' + b"a" * 200 + b'"}',
                b'{"name":"a","x":' + b'{"y":' * 12 + b"1" + b"}" * 13,
                b'{"name":"a\\tb\\\\c\\r\\u00a0\\u00ad\\u20ac","ip":["'
                + b"\xe2\x82\xac" * 500
                + b'"]}',
                b'{"name":"\\ud800\\u0000"}',
                b'{"name":["\\t\\r\\\\\\u00a0\\u007f\\u0001\\"\'"]}',
            ]
        )
    }
    bodies.update(
        {
            f"insert-wrong-{n}": b"\x05" + text
            for n, text in enumerate(
                [
                    b'{"name":"a","id":"1","key":"' + HEX64 + b'"}',
                    b'{"name":"a","id":"x12","key":"' + HEX64 + b'"}',
                    b'{"name":"a","id":7,"key":"' + HEX64 + b'"}',
                    b'{"name":"a","id":"123456789","key":"' + HEX64 + b'"}',
                    b'{"name":"a","id":"000","key":"' + HEX64 + b'"}',
                    b'{"name":"a","key":"' + HEX64 * 4 + b'"}',
                    b'{"name":"a","key":"' + HEX64[:-1] + b'!"}',
                    b'{"name":"a","key":7}',
                ]
            )
        }
    )
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
        **wrong,
        **bodies,
        "no-type": b"\x0b{}",
        "name-deep": b'\x04{"name":' + b"[" * 20 + b"]" * 20 + b"}",
        "name-long": b'\x04{"name":["' + b"a" * 2000 + b'"]}',
        "address-wide": b'\x04{"name":"web-01","ip":"a' + "\u00e4".encode() * 60 + b'"}',
        "path-double": b"\x00/agents//001",
        "query-gap": b"\x01limit=1&&select=id",
        "path-long": b"\x00" + b"/a" * 20,
        "path-nul": b"\x00/agents/%00",
        "path-bare": b"\x00agents",
        "path-empty": b"\x00",
        "path-rules": b"\x00/agents/1/group/a%20b",
        "path-rules-good": b"\x00/agents/001/group/web",
        "basic-nul": b"\x02Basic YQBi",
        "basic-no-colon": b"\x02Basic YWI=",
        "basic-no-base64": b"\x02Basic !",
        "basic-long": b"\x02Basic " + b"A" * 4000,
        "alone": b"\x02Basic",
        "three": b"\x02Basic a b",
        "hash-no-salt": b"\x03$scrypt$ln=14,r=8,p=1$$" + hash_[-43:],
        "hash-bad-salt": b"\x03$scrypt$ln=14,r=8,p=1$!$" + hash_[-43:],
        "hash-short": b"\x03$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$AAAA",
        "hash-words": b"\x03" + hash_.replace(b"ln", b"xx"),
        "hash-large": b"\x03" + hash_.replace(b"r=8", b"r=99999"),
        "hash-number": b"\x03" + hash_.replace(b"r=8", b"r="),
        "hash-try": b"\x03$scrypt$ln=10,r=1,p=1$U29kaXVtQ2hsb3JpZGU$"
        b"cCO9yzr9c0hGHAbNgf046w8DsCFzCVDHWdfuuxWnzVI",
        "hash-long": b"\x03" + hash_.replace(b"r=8", b"r=1234567"),
        "hash-cut-number": b"\x03$scrypt$ln=14",
        "hash-no-hash": b"\x03$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU",
        "hash-costly": b"\x03" + hash_.replace(b"14", b"63"),
        "add": b'\x04{"name":"web-01","ip":"any"}',
        "add-unknown": b'\x04{"name":"web-01","x\\ny":[1,{"a":null}]}',
        "add-unicode": b'\x04{"name":"\\ud800\\u00e4"}',
        "insert": b'\x05{"name":"a","id":"012","key":"'
        + HEX64
        + b'","force":{"enabled":true,"disconnected_time":'
        b'{"enabled":false,"value":"1h"},"after_registration_time":"1d"}}',
        "insert-key": b'\x05{"name":"a","key":"short"}',
        "token": b'\x06{"address":"manager","port":1518,"prefix":"/siem/","ttl":"30d",'
        b'"max_uses":4294967295,"description":"x","embed_ca":true,"no_credential":false}',
        "token-no-type": b'\x0d{"address":"a"}',
        "token-less": b'\x06{"prefix":""}',
        "token-more": b'\x06{"address":"a","uses":1}',
        "token-text": b'\x06{"address":"a\\u0000"}',
        "token-long": b'\x06{"address":"' + b"a" * 600 + b'"}',
        "token-number": b'\x06{"address":"a","port":0}',
        "token-integer": b'\x06{"address":"a","max_uses":1.5}',
        "token-flag": b'\x06{"address":"a","embed_ca":"x"}',
        "token-ttl": b'\x06{"address":"a","ttl":"0"}',
        "token-ttl-long": b'\x06{"address":"a","ttl":"' + b"9" * 18 + b'd"}',
        "token-force": b'\x06{"address":"a","force":{"x":1}}',
    }


def api_tokens():
    """How it is used, and a token, a payload, or a change."""
    payload = (
        b'{"iss":"wazuh","aud":"Wazuh API REST","nbf":1700000000,"exp":1700000900,'
        b'"sub":"admin","run_as":false,"rbac_roles":[1],"rbac_mode":"white",'
        b'"credential":"0123456789abcdef"}'
    )
    return {
        "raw": b"\x00eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZG1pbiJ9.AAAA",
        "raw-dots": b"\x00..",
        "raw-dot": b"\x00a.b",
        "raw-none": b"\x00",
        "signed": b"\x01" + payload,
        "signed-none": b"\x01",
        "signed-late": b"\x01" + payload.replace(b"1700000900", b"1600000900"),
        "signed-early": b"\x01" + payload.replace(b"1700000000", b"1800000000"),
        "signed-nobody": b"\x01" + payload.replace(b"admin", b"root"),
        "signed-less": b"\x01" + payload[: payload.index(b'"run_as')],
        "signed-long": b"\x01" + payload + b" " * 400,
        "good": b"\x02",
        "changed": b"\x02\x00\x00\x05x",
        "changed-mac": b"\x02\x01\x01\x30_",
    }


def bearers():
    header = b'{"alg":"HS256","typ":"wazuh-enroll+jwt"}'
    claims = (
        b'{"exp":1700000060,"iat":1700000000,"jti":"AAECAwQFBgcICQoLDA0ODw",' b'"nbf":1700000000}'
    )

    def signed(first=header, second=claims):
        return b"\x01" + first + b"\n" + second

    def raw(mac, second=claims):
        parts = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, second, mac))
        return b"\x00" + b".".join(parts)

    seeds = {
        "signed": signed(),
        "signed-claims-blanks": signed(second=claims.replace(b",", b", ")),
        "signed-blanks": signed(header.replace(b":", b": ")),
        "signed-agent": signed(b'{"alg":"HS256","kid":"001","typ":"wazuh-enroll+jwt"}'),
        "signed-token": signed(b'{"alg":"HS256","kid":"AAECAwQFBgcICQoLDA0ODw"}'),
        "signed-none": signed(b'{"alg":"none"}'),
        "signed-twice": signed(second=claims[:-1] + b',"iat":1}'),
        "signed-negative": signed(second=claims.replace(b":1700000000,", b":-1,")),
        "signed-text": signed(second=claims.replace(b":1700000000,", b':"1",')),
        "signed-nonce": signed(second=claims.replace(b"Dw", b"")),
        "signed-less": signed(second=b"{}"),
        "signed-array": signed(second=b"[1]"),
        "signed-half": b"\x01" + header,
        "raw": raw(bytes(32)),
        "raw-short": raw(bytes(31)),
        "raw-dots": b"\x00..",
        "raw-dot": b"\x00a.b",
        "raw-none": b"\x00",
        "good": b"\x02\x80\x00\x00\x00",
        "stale": b"\x02\x00\x00",
        "early": b"\x02\xff\xff",
        "changed": b"\x02\x80\x01\x00\x60",
    }
    kinds = ["token", "token-used-up", "token-revoked", "token-expired", "agent", "request"]
    for number, kind in enumerate(kinds, 3):
        seeds[f"good-{kind}"] = bytes([number]) + seeds["good"][1:]
        seeds[f"stale-{kind}"] = bytes([number]) + seeds["stale"][1:]
        seeds[f"changed-{kind}"] = bytes([number]) + seeds["changed"][1:]
    key_id = b'"kid":"001"'
    heads = {
        "token": header.replace(b'"typ"', b'"kid":"AAECAwQFBgcICQoLDA0ODw","typ"'),
        "agent": header.replace(b'"typ"', key_id + b',"typ"'),
        "request": b'{"alg":"HS256",' + key_id + b',"typ":"wazuh-agent+jwt"}',
    }
    for number, (kind, head) in enumerate(heads.items(), 9):
        seeds[f"signed-by-{kind}"] = bytes([number]) + signed(head)[1:]
        seeds[f"signed-by-{kind}-blanks"] = bytes([number]) + signed(head.replace(b":", b": "))[1:]
    return (
        seeds
        | failing("good", seeds["good"], l=[0, 1, 2])
        | failing("good-token", seeds["good-token"], l=[0, 1, 2])
        | failing("good-agent", seeds["good-agent"], l=[0, 1])
        | failing("good-request", seeds["good-request"], l=[0, 1])
    )


def filters():
    """How long the first text is, and two of them."""

    def pair(first, second=b""):
        return bytes([len(first)]) + first + second

    return {
        "usual": pair(b"name=web-01;id!=000", b"status=active"),
        "empty": pair(b""),
        "select-group": pair(b"group,lastKeepAlive"),
        "nested": pair(b"(name~web,(ip~10.;id>5)),id<3", b"(id=007)"),
        "deep": pair(b"(" * 40 + b"id=1", b"((id=1"),
        "all": pair(b"name=all;id=7", b"group=all"),
        "null": pair(b"lastKeepAlive=null", b"name!=null"),
        "list": pair(b"group=web", b"group~we"),
        "list-order": pair(b"group<web", b"group>'web'"),
        "quotes": pair(b"name='web%'", b'name!="x'),
        "ages": pair(b"lastKeepAlive<1h", b"dateAdd>1d12h"),
        "age-only": pair(b"7d", b"90"),
        "dates": pair(b"dateAdd<2026-11-27", b"dateAdd=2023-11-14T22:13:20Z"),
        "dates-odd": pair(b"dateAdd!=2026-13-99 99:99:99", b"dateAdd=2026-11-27x12:00:00"),
        "dates-wrong": pair(b"dateAdd~2026", b"lastKeepAlive>1h2"),
        "numbers": pair(b"id>1e1", b"id<0x10"),
        "numbers-like": pair(b"id~02", b"id=inf"),
        "numbers-text": pair(b"id!=x", b"id>7 "),
        "texts": pair(b"name<b", b"name>B"),
        "unknown": pair(b"os.name=x", b"os.name!=null"),
        "no-field": pair(b"nme=x", b"=x"),
        "operators": pair(b"name==x", b"name!x"),
        "operators-two": pair(b"name<>x", b"name=!x"),
        "no-value": pair(b"name=", b"name=;"),
        "open": pair(b"(name=x", b"name=x)"),
        "behind": pair(b"name=x*", b"name=x;"),
        "statuses": pair(b"active,pending", b"never_connected,all"),
        "search": pair(b"-web", b"10.1"),
        "search-id": pair(b"007", b"1700"),
        "any-age": pair(b"0s", b"0m"),
        "like": pair(b"%e_-0%", b"_%_%x"),
        "names": pair(b"web-01", b"v4"),
        "select": pair(b"id,name,nme", b""),
        "address": pair(b"10.1.2.3", b"any"),
        "high": pair(b"name~\xc3\xa4", b"name=\xff"),
    }


def json_texts():
    texts = [
        b"{}",
        b"[]",
        b'{"a":1}',
        b'{"a":1,}',
        b"[1,2",
        b"[1 2]",
        b'{"a" 1}',
        b"{a:1}",
        b'"abc',
        b'"a\n"',
        b'"\\x"',
        b'"\\u12"',
        b'"\\u12g4"',
        b'"\\ud800\\n\\"',
        b'"\\',
        b'"\\u1234',
        b"nul",
        b"null",
        b"NaN",
        b"-Infinity",
        b"-",
        b"-0",
        b"01",
        b"1.",
        b"1.5e+10",
        b"1e",
        b"1e5x",
        b" \t\r\n1 \n",
        b"\xef\xbb\xbf1",
        b"\xc3\xa4",
        b'"\xc3\xa4" x',
        b"true false",
        b"",
        b"[" * 501,
        b'{"a":' * 501,
        b"[" * 300 + b"]" * 300,
        b"1\0",
        b"[\0]",
        b'{"a":[1,{"b":null}]}',
        b'{\n\n"a",',
        b"[,]",
        b'{"a":}',
        b"[1,]",
        b'{"a":1 "b"',
    ]
    return {f"text-{n:02}": text for n, text in enumerate(texts)}


SEEDS = {
    "filter": filters,
    "json-fault": json_texts,
    "api-call": api_calls,
    "token": api_tokens,
    "bearer": bearers,
}
