# SPDX-License-Identifier: ISC
"""Requests whose end a proxy in front of agent-registrar's API could see elsewhere: 400, and the
connection is closed, whatever follows and however the bytes arrive (RFC 9112, 11.2)."""
import re

import pytest
from api_tools import Client, check_alive, raw, read_all

ADD = b"POST /agents/insert/quick?agent_name=smuggled HTTP/1.1\r\n"
POST = b"POST /agents HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /agents HTTP/1.1\r\nHost: a\r\n"
CHUNKS = b"0\r\n\r\n"

REFUSED = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 100\r\n\r\n",
    "the same length twice": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 0, 0\r\n\r\n",
    "a signed length": POST + b"Content-Length: +0\r\n\r\n",
    "length and encoding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                           + CHUNKS,
    "encoding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                           + CHUNKS,
    "another encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "two encodings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
                     + CHUNKS,
    "bare line feed": GET + b"X: a\nContent-Length: 0\r\n\r\n",
    "bare line feed in the first line": b"GET /agents HTTP/1.1\nHost: a\r\n\r\n",
    "bare line feed at the end": GET + b"\n",
    "bare carriage return": GET + b"X: a\rContent-Length: 0\r\n\r\n",
    "folded line": GET + b"X: a\r\n Content-Length: 0\r\n\r\n",
    "folded first line": b"GET /agents HTTP/1.1\r\n X: a\r\n\r\n",
    "NUL in a value": GET + b"X: a\0b\r\n\r\n",
    "NUL in a name": GET + b"X\0: a\r\n\r\n",
    "NUL in the first line": b"GET /agents\0 HTTP/1.1\r\n\r\n",
    "blank before the colon": GET + b"Content-Length : 0\r\n\r\n",
    "tab before the colon": GET + b"Transfer-Encoding\t: chunked\r\n\r\n",
    "control character": GET + b"X: \x08\r\n\r\n",
    "no name": GET + b": a\r\n\r\n",
}


CHUNKED = POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED_CHUNKS = {
    "extension": b"5;a=b\r\nhello\r\n" + CHUNKS,
    "blank behind the size": b"5 \r\nhello\r\n" + CHUNKS,
    "signed size": b"+5\r\nhello\r\n" + CHUNKS,
    "size with a prefix": b"0x5\r\nhello\r\n" + CHUNKS,
    "size without end": b"0" * 100 + b"5\r\nhello\r\n" + CHUNKS,
    "size alone in a line feed": b"5\nhello\r\n" + CHUNKS,
    "carriage return within": b"\r\r\n5\r\nhello\r\n" + CHUNKS,
    "longer than its size": b"5\r\nhello!\r\n" + CHUNKS,
    "data that ends in a line feed": b"5\r\nhello\n" + CHUNKS,
    "empty line instead of a size": b"5\r\nhello\r\n\r\n" + CHUNKS,
    "trailer": b"0\r\nAuthorization: Basic YTpi\r\n\r\n",
    "line feed at the end": b"0\r\n\n",
}


def add(token):
    return ADD + b"Authorization: " + token + b"\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def token(client):
    return client.headers["Authorization"].encode()


@pytest.mark.parametrize("bytewise", [False, True], ids=["at once", "bytewise"])
@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_refused(registrar, token, request_bytes, bytewise):
    """Nothing that follows is taken for a request."""
    data = request_bytes + add(token)
    with raw(registrar) as tls:
        try:
            for piece in [data[i:i + 1] for i in range(len(data))] if bytewise else [data]:
                tls.sendall(piece)
        except OSError:
            assert bytewise  # the connection is closed before all is sent
        answer = read_all(tls)
    assert bytewise and not answer or re.match(rb"HTTP/1\.[01] 400 ", answer), answer
    assert answer.count(b"HTTP/1.") <= 1, answer
    check_alive(registrar)
    assert registrar.keys() == []


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_refused_behind_a_good_one(registrar, token, request_bytes):
    """What came before is answered, and the refusal is the last answer."""
    good = b"GET /agents HTTP/1.1\r\nAuthorization: " + token + b"\r\n\r\n"
    with raw(registrar) as tls:
        tls.sendall(good + request_bytes + add(token))
        answer = read_all(tls)
    assert [status for status in re.findall(rb"HTTP/1\.[01] (\d+) ", answer)] == [b"200", b"400"]
    assert registrar.keys() == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "OPTIONS"])
def test_body_that_is_not_read_is_no_request(registrar, token, method):
    """evhttp reads no body with these methods."""
    body = add(token)
    with raw(registrar) as tls:
        tls.sendall(f"{method} /agents HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                    + body)
        answer = read_all(tls)
    assert answer.count(b"HTTP/1.") == 1, answer
    assert registrar.keys() == []


@pytest.mark.parametrize("bytewise", [False, True], ids=["at once", "bytewise"])
@pytest.mark.parametrize("chunks", REFUSED_CHUNKS.values(), ids=REFUSED_CHUNKS.keys())
def test_refused_chunks(registrar, token, chunks, bytewise):
    """As evhttp refuses chunks, with 413; what follows is no request."""
    data = CHUNKED + chunks + add(token)
    with raw(registrar) as tls:
        try:
            for piece in [data[i:i + 1] for i in range(len(data))] if bytewise else [data]:
                tls.sendall(piece)
        except OSError:
            assert bytewise
        answer = read_all(tls)
    assert bytewise and not answer or re.match(rb"HTTP/1\.[01] 413 ", answer), answer
    assert answer.count(b"HTTP/1.") <= 1, answer
    check_alive(registrar)
    assert registrar.keys() == []


def test_chunked_body_is_the_last(registrar, token):
    body = b'{"name": "web-01", "ip": "any"}'
    with raw(registrar) as tls:
        tls.sendall(POST + b"Authorization: " + token + b"\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)
                    + CHUNKS + add(token))
        answer = read_all(tls)
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.count(b"HTTP/1.") == 1, answer
    assert [line[1] for line in registrar.keys()] == ["web-01"]


@pytest.mark.parametrize("bytewise", [False, True], ids=["at once", "bytewise"])
def test_many_on_one_connection(registrar, token, bytewise):
    """Right requests, with bodies that look like heads, are all answered."""
    body = b'{"name": "web-%d",\n"ip": "any"}\n'
    data = b"".join(
        POST + b"Authorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (token, len(body % i)) + body % i for i in range(5))
    with raw(registrar) as tls:
        for piece in [data[i:i + 1] for i in range(len(data))] if bytewise else [data]:
            tls.sendall(piece)
        answers = b""
        while answers.count(b"HTTP/1.1 200 ") < 5:
            piece = tls.recv(65536)
            assert piece, answers
            answers += piece
    assert len(registrar.keys()) == 5


def test_client_goes_on_after_a_refusal(registrar):
    with Client(registrar) as client:
        assert client.log_in().ask("GET", "/agents").status == 200
