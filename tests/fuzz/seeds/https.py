# SPDX-License-Identifier: ISC
"""Seeds for the target of the whole API, from TLS on."""
import base64

from seeds.shared import HEX64, failing


def connections():
    """What client and registry do, one after the other: fuzz-api.c."""

    def text(content):
        return b"\xfa" + content + b"\0"

    def request(line, *fields, body=b""):
        if body:
            fields = (*fields, b"Content-Length: %d" % len(body))
        return text(b"\r\n".join([line + b" HTTP/1.1", b"Host: a", *fields, b"", body]))

    def write(content):
        return b"".join(
            bytes([-(-len(content[i : i + 120]) // 4) * 8 + 2])
            + content[i : i + 120].ljust(-(-len(content[i : i + 120]) // 4) * 4, b" ")
            for i in range(0, len(content), 120)
        )

    connect, send, loop = b"\x01", b"\xfb", b"\x04"
    half, notify, close, later = b"\x0d", b"\x05", b"\x15", b"\xfc"
    again, others_go, another, filler = b"\x0c", b"\x14", b"\x1c", b"\x02\xff"
    tight, short_of_room = b"\x41", b"\xa5"
    json, basic = b"Content-Type: application/json", b"Authorization: Basic YWRtaW46c2VjcmV0"
    bearer, one = b"Authorization: Bearer h.p.m", b"protocol-version: 1"

    def go(*steps, how=b"\x01"):
        return how + connect + b"".join(steps)

    def call(line, *fields, body=b"", answers=(0, 0), how=b"\x01"):
        steps = request(line, *fields, body=body) + send + loop
        return go(steps, *(b"\x06" + bytes([a]) for a in answers), loop, loop, how=how)

    def long(line, pages, *fields):
        length = b"Content-Length: %d" % (256 * pages)
        return go(request(line, *fields, length), b"\x02" + bytes([pages]), send, loop * 3)

    agents = {
        "list": b"GET /agents",
        "list-pretty": b"GET /agents?pretty=true&limit=2&offset=1",
        "list-sort": b"GET /agents?sort=-group,name&select=name,group,os.name",
        "list-distinct": b"GET /agents?distinct=true&select=group",
        "list-q": b"GET /agents?q=id>0;name~w",
        "list-ids": b"GET /agents?agents_list=001,000,002,999",
        "list-some": b"GET /agents?select=id,name",
        "list-wrong": b"GET /agents?limit=x",
        "list-unknown": b"GET /agents?nme=1&sort=nme",
        "list-select": b"GET /agents?select=nme",
        "list-order": b"GET /agents?sort=+nme",
        "list-filter": b"GET /agents?status=active&older_than=1s&search=web&name=web-01&group=web",
        "list-groups": b"GET /agents?sort=name&agents_list=001,002,003,004,005",
        "groups": b"GET /groups",
        "groups-list": b"GET /groups?groups_list=g0,gx&hash=md5&pretty",
        "groups-page": b"GET /groups?offset=1&limit=2&sort=-count&search=g",
        "groups-q": b"GET /groups?q=count>0&select=name&distinct=true",
        "groups-wrong": b"GET /groups?hash=x",
        "groups-sort": b"GET /groups?sort=x",
        "groups-select": b"GET /groups?select=name,x",
        "groups-q-wrong": b"GET /groups?q=count",
        "groups-search": b"GET /groups?search=-g1&distinct=true&select=count,mergedSum",
        "groups-all": b"GET /groups?groups_list=g0,g1,g2,g3&sort=name,count&pretty=true",
        "groups-word": b"GET /groups?groups_list=a%20b",
        "groups-q-text": b"GET /groups?q=name~g;configSum!=00,mergedSum>a;name<z",
        "list-equal": b"GET /agents?name=web-01&ip=any&registerIP=any&version=x&manager=y",
        "list-words": b"GET /agents?group_config_status=synced&os.name=x&node_name=y",
        "list-sort-all": b"GET /agents?sort=id,ip,status,dateAdd,lastKeepAlive,registerIP,version",
        "remove-filter": b"DELETE /agents?agents_list=001,002,005&status=never_connected,pending"
        b"&older_than=1w&name=web-01&group=web&os.name=x",
        "remove-q": b"DELETE /agents?agents_list=all&status=all&q=name",
        "remove-manager": b"DELETE /agents?agents_list=000,007&status=all&older_than=0s",
        "key-manager": b"GET /agents/000/key",
        "join-manager": b"PUT /agents/000/group/web",
        "join-wrong": b"PUT /agents/001/group/a%20b",
        "query-full": b"GET /agents?" + b"&".join(b"a%d=1" % i for i in range(70)),
        "path-full": b"GET /" + b"/a" * 20,
        "path-nul": b"GET /agents/%00/key",
        "quick-long": b"POST /agents/insert/quick?agent_name=" + b"a" * 130,
        "key": b"GET /agents/001/key",
        "key-wrong": b"GET /agents/0/key",
        "remove": b"DELETE /agents?agents_list=001,002,000&status=all&older_than=0s",
        "remove-all": b"DELETE /agents?agents_list=all&status=all&older_than=0s&purge=true",
        "remove-none": b"DELETE /agents?status=all",
        "remove-wrong": b"DELETE /agents?agents_list=x&status=y",
        "join": b"PUT /agents/001/group/web",
        "join-alone": b"PUT /agents/001/group/web?force_single_group=true",
        "quick": b"POST /agents/insert/quick?agent_name=web-01",
        "quick-none": b"POST /agents/insert/quick",
        "quick-wrong": b"POST /agents/insert/quick?agent_name=a%20b",
        "tokens": b"GET /agents/enrollment-tokens",
        "tokens-page": b"GET /agents/enrollment-tokens?offset=1&limit=2&pretty=true",
        "tokens-revoke": b"DELETE /agents/enrollment-tokens/AAECAwQFBgcICQoLDA0ODw",
        "tokens-revoke-some": b"DELETE /agents/enrollment-tokens?tokens_list=x,,"
        b"AAECAwQFBgcICQoLDA0ODw",
        "tokens-purge": b"DELETE /agents/enrollment-tokens?status=dead&pretty=true",
        "tokens-purge-all": b"DELETE /agents/enrollment-tokens?status=all",
        "tokens-both": b"DELETE /agents/enrollment-tokens?status=all&tokens_list=x",
        "logout": b"DELETE /security/user/authenticate",
        "about": b"GET /",
        "slash": b"GET /agents/",
        "path": b"GET /agents/%2e%zz//x",
        "method": b"PATCH /agents",
        "head": b"HEAD /agents",
        "options": b"OPTIONS *",
        "connect": b"CONNECT a:1",
        "query": b"GET /agents?a=%00",
        "odd-method": b"FROB /agents",
    }
    seeds = {
        f"{name}-{n}": call(line, bearer, answers=answers)
        for name, line in agents.items()
        for n, answers in enumerate(
            [(0, 13), (0, 0xFE, 2), (0, 30, 14, 3, 9), (0, 12, 1, 0xF1, 2), (0, 6, 0xF2)]
        )
    }
    body = b'{"name":"web-01","ip":"any","force":{"enabled":true}}'
    insert = b'{"name":"web-01","id":"012","key":"' + HEX64 + b'"}'
    enroll = b'{"name":"web-01","version":"v5.0.0","groups":"a","ip":"any","key_hash":"00"}'
    token = b'{"address":"a","ttl":"1h","max_uses":1}'
    post, path = b"POST /agents", b"POST /wazuh-manager/enroll"
    for n in range(15):
        seeds[f"add-{n:02}"] = call(post, bearer, json, body=body, answers=(0, n))
        seeds[f"insert-{n:02}"] = call(
            b"POST /agents/insert", bearer, json, body=insert, answers=(0, n)
        )
        seeds[f"token-{n:02}"] = call(
            b"POST /agents/enrollment-tokens", bearer, json, body=token, answers=(0, 17 * n)
        )
        seeds[f"enroll-{n:02}"] = call(path, one, json, body=enroll, answers=(n,))
    jwt = b"Authorization: Bearer " + b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=")
        for part in (
            b'{"alg":"HS256","typ":"wazuh-enroll+jwt"}',
            b'{"exp":1700000060,"iat":1700000000,"jti":"AAECAwQFBgcICQoLDA0ODw","nbf":1700000000}',
            bytes(32),
        )
    )
    for n in range(7):
        seeds[f"enroll-jwt-{n}"] = call(
            path, one, json, jwt, body=enroll, answers=(n, 0), how=b"\x03"
        )
        seeds[f"join-{n}"] = call(agents["join"], bearer, answers=(0, n))
        seeds[f"key-{n}"] = call(agents["key"], bearer, answers=(0, n))
    for n in range(8):
        seeds[f"login-{n}"] = call(
            b"POST /security/user/authenticate?raw=%s" % (b"true", b"false", b"1")[n % 3],
            basic,
            answers=(n,),
        )
    for how in (b"\x05", b"\x07", b"\x09", b"\x0d"):
        for name in ("list", "groups", "key", "remove", "slash"):
            line = agents[name]
            seeds[f"{name}-{how.hex()}"] = call(line, bearer, answers=(0, 13, 9), how=how)
            seeds[f"{name}-open-{how.hex()}"] = call(line, bearer, answers=(0,), how=how)
        seeds[f"silent-{how.hex()}"] = how
        seeds[f"add-{how.hex()}"] = call(
            b"POST /agents", bearer, json, body=b'{"name":"a"}', answers=(), how=how
        )
    for n, content in enumerate(
        [
            b'{"name":"web-01","ip":"10.0.0.1/255.0.255.0"}',
            b'{"name":"web-01","ip":"::/0"}',
            b'{"name":"w b"}',
            b'{"name":"web-01","ip":"x"}',
            b'{"name":"web-01","ip":"0.0.0.0/0"}',
            b'{"name":"web-01","ip":"10.0.0.0/8"}',
            b'{"name":"\\ud800"}',
        ]
    ):
        seeds[f"body-{n}"] = call(b"POST /agents", bearer, json, body=content, answers=(0, 0))
    busy, denied = 0xF0, 0xF2
    for name, line in (
        ("key", agents["key"]),
        ("list", agents["list"]),
        ("remove", agents["remove"]),
    ):
        seeds[f"{name}-busy"] = call(line, bearer, answers=(0, busy))
        seeds[f"{name}-denied"] = call(line, bearer, answers=(0, denied))
        seeds[f"{name}-nobody"] = call(line, bearer, answers=(denied,))
    seeds.update(
        {
            "silent": b"\x01",
            "late": b"\x01" + later * 12,
            "cut-hello": b"\x01\x09" + b"\x03" * 9 + loop + half + loop,
            "clear-text": b"\x01" + b"\x28GET / HTTP/1.1\r\n\r\n  " + send + loop * 2,
            "gone": go(close, loop),
            "end": go(notify, loop),
            "late-request": go(loop, later * 12),
            "no-token": call(agents["list"]),
            "token-alone": call(agents["list"], b"Authorization: x"),
            "token-long": call(agents["list"], b"Authorization: Bearer " + b"x" * 1100),
            "login-none": call(b"POST /security/user/authenticate"),
            "login-parameter": call(b"GET /security/user/authenticate?x=1", basic, answers=(0,)),
            "login-often": go(
                (request(b"GET /security/user/authenticate", basic) + send + loop + b"\x06\x01") * 5
            ),
            "login-often-strange": go(
                (request(b"GET /security/user/authenticate", basic) + send + loop + b"\x06\1") * 5,
                how=b"\x21",
            ),
            "enroll-often-strange": go(
                (request(path, one, json, jwt, body=enroll) + send + loop + b"\x06\x05") * 6,
                how=b"\x23",
            ),
            "enroll-often": go(
                (request(path, one, json, jwt, body=enroll) + send + loop + b"\x06\x05") * 6,
                how=b"\x03",
            ),
            "enroll-version": call(path, b"protocol-version: 2", json, body=enroll),
            "enroll-no-version": call(path, json, body=enroll),
            "enroll-type": call(path, one, body=enroll),
            "enroll-text": call(path, one, json, body=b"[1]"),
            "enroll-member": call(path, one, json, body=b'{"x":"1"}'),
            "enroll-number": call(path, one, json, body=b'{"name":1}'),
            "enroll-less": call(path, one, json, body=b'{"name":"a"}'),
            "enroll-long": long(path, 67, one, json),
            "enroll-no-bearer": call(path, one, json, body=enroll, how=b"\x03"),
            "enroll-bearer": call(
                path, one, json, b"Authorization: Bearer a.b.c", body=enroll, how=b"\x03"
            ),
            "enroll-stale": call(
                path, one, json, jwt, body=enroll, answers=(0, denied), how=b"\x03"
            ),
            "enroll-busy": call(path, one, json, jwt, body=enroll, answers=(0, busy), how=b"\x03"),
            "cacerts": call(b"GET /wazuh-manager/cacerts"),
            "add-type": call(post, bearer, body=body),
            "add-none": call(post, bearer, json),
            "add-broken": call(post, bearer, json, body=b"{"),
            "add-long": go(
                request(post, bearer, json, b"Content-Length: 66000"),
                b"\x02\xff\x02\x08",
                send,
                loop * 3,
            ),
            "add-too-long": go(
                request(post, bearer, json, b"Content-Length: 300000"), send, loop * 3
            ),
            "add-two-types": call(post, bearer, json, json, body=body),
            "parameter": call(b"POST /agents?x=1", bearer, json, body=body),
            "two-lengths": go(
                text(b"POST /agents HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
                send,
                loop * 2,
            ),
            "chunked": go(
                text(
                    b"POST /agents HTTP/1.1\r\nAuthorization: Bearer h.p.m\r\n"
                    b"Transfer-Encoding: chunked\r\n" + json + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                ),
                send,
                loop,
                b"\x06\0",
                loop,
            ),
            "chunked-open": go(
                text(b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
                send,
                loop,
                half,
                loop,
            ),
            "get-body": call(b"GET /", bearer, body=b"GET / HTTP/1.1\r\n\r\n"),
            "line-feed": go(text(b"GET / HTTP/1.1\n\n"), send, loop * 2),
            "pipelined": go(
                text(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" * 3),
                send,
                loop * 4,
                b"\x06\0\x06\0",
                loop,
            ),
            "continue": call(post, bearer, json, b"Expect: 100-continue", body=body),
            "close": call(agents["list"], bearer, b"Connection: close"),
            "old": go(text(b"GET / HTTP/1.0\r\n\r\n"), send, loop),
            "nothing": go(text(b"\r\n\r\n"), send, loop),
            "pieces": go(*(write(b"GET /a") + send + loop,) * 3),
            "long-head": go((write(b"X-Y: " + b"a" * 115) + b"\x0a\r\n\r\n") * 2, send, loop),
            "long-line": go(text(b"GET /"), b"\x02\x44", text(b" HTTP/1.1\r\n\r\n"), send, loop),
            "gone-waiting": go(
                request(agents["list"], bearer), send, loop, close, loop, b"\x06\0", loop
            ),
            "half-waiting": go(
                request(agents["list"], bearer),
                send,
                loop,
                half,
                loop,
                b"\x06\0",
                loop,
                b"\x06\x0d",
                loop,
            ),
            "late-waiting": go(
                request(agents["list"], bearer), send, loop, later * 12, b"\x06\0", loop
            ),
            "flood": go(b"\xff" * 4, send, loop * 3),
            "two-1.2": call(agents["list"], bearer, how=b"\x00"),
            "twice": go(
                (request(agents["key"], bearer) + send + loop + b"\x06\0\x06\0" + loop) * 3
            ),
            "turned-away": go(again * 20, how=short_of_room),
            "stranger": go(
                again * 20,
                others_go,
                again + connect,
                request(agents["about"]) + send + loop,
                how=short_of_room,
            ),
            "gives-way": go(later * 3, another * 3, loop, how=b"\x85"),
            "flood-unread": go(
                request(agents["key"], bearer) + send + loop + b"\x06\0\x06\0" + loop,
                text(b"nonsense\r\n\r\n"),
                send + loop,
                (filler + send + loop) * 12,
                how=tight,
            ),
            "chunked-and-more": go(
                text(
                    b"POST /agents HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    b"GET / HTTP/1.1\r\n\r\n"
                ),
                send,
                loop * 2,
            ),
            "list-slow": call(
                agents["list-sort"], bearer, answers=(0, 0xE1, 0xE1, 0, 0), how=b"\x11"
            ),
            "list-fails": call(agents["list"], bearer, answers=(0, 0xDF)),
            "list-details-fail": call(
                agents["list"] + b"?sort=name", bearer, answers=(0, 5, 0xDF)
            ),
            "groups-fail": call(agents["groups"], bearer, answers=(0, 0xDF)),
            "list-long": call(agents["list"] + b"?pretty=true", bearer, answers=(0, 0xE1)),
            "list-long-gone": go(
                request(agents["list"] + b"?pretty=true", bearer),
                send + loop + b"\x06\0\x06\xe1" + loop,
                close + loop,
                how=tight,
            ),
            "list-long-stops": go(
                request(agents["list"] + b"?pretty=true", bearer),
                send + loop + b"\x06\0\x06\xe1" + loop,
                how=b"\x49",
            ),
            "path-no-slash": go(text(b"GET agents HTTP/1.1\r\n\r\n"), send, loop),
            "two-waiting": go(
                request(agents["list"], bearer) + send + loop + again + connect,
                request(agents["key"], bearer) + send + loop,
                b"\x06\0\x06\0\x06\0\x06\0" + loop,
            ),
            "gone-waiting-stops": go(
                request(agents["list"], bearer) + send + loop + close + loop, how=b"\x09"
            ),
            "remove-some": call(
                b"DELETE /agents?agents_list=001,002,003&status=all&older_than=0s&name=web-01",
                bearer,
                answers=(0, 0, 0),
            ),
            "remove-absent": call(
                b"DELETE /agents?agents_list=001,002,003&status=all&older_than=0s",
                bearer,
                answers=(0, 0, 2),
            ),
            "remove-refused": call(agents["remove"], bearer, answers=(0, 0, 64)),
            "url": go(text(b"GET http://a:1/agents?x#y HTTP/1.1\r\n\r\n"), send, loop),
        }
    )
    begin = [0, 1, 2, 3, 6, 7, 8, 10, 12, 14, 15, 16, 21, 36]
    seeds |= failing("list-1", seeds["list-1"], m=begin, s=[1, 2, 3], l=range(14))
    for name in ("list-1", "list-details-fail", "groups-1", "remove-3"):
        seeds |= failing(name, seeds[name], m=[*range(53, 63), 64, 65, 67, 79, 86, 87, 124])
    return seeds


SEEDS = {"api": connections}
