# SPDX-License-Identifier: ISC
"""The enrollment of a Wazuh 5 manager, as its release candidate of September 2026 documents it,
over real HTTPS.

It shares nothing with the program under test: the keys, the signature and the rules for a bearer
are written here once more, with the standard library. `forced` answers in its place, `clock`
sets it off from this machine's time."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from email.utils import formatdate

CACERTS, ENROLL = "/wazuh-manager/cacerts", "/wazuh-manager/enroll"
MAX_AGE, SKEW, LIFETIME = 60, 30, 60
BODY_MAX = 16 * 1024
LABELS = {
    "password": b"WAZUH-ENROLL-JWT-KEY",
    "token": b"WAZUH-ENROLL-TOKEN-KEY",
    "agent": b"WAZUH-REENROLL-KEY",
}
MEMBERS = {"name", "version", "groups", "ip", "key_hash"}


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    """Base64url without padding, in its one canonical form."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError(f"not canonical base64url: {text}")
    return data


def derive(kind, secret):
    """HKDF-SHA256 with a zero salt; one block is all that is needed."""
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, LABELS[kind] + b"\x01\x01", hashlib.sha256).digest()


def spki_pin(certificate_file):
    """SHA-256 of a certificate's SubjectPublicKeyInfo."""
    public = subprocess.run(
        ["openssl", "x509", "-in", certificate_file, "-noout", "-pubkey"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    return hashlib.sha256(base64.b64decode("".join(public.split("\n")[1:-2]))).digest()


def token(address, pin=None, ca=None, credential=None, **more):
    """An enrollment token; `credential` is 16 bytes of id and 16 of secret."""
    members = {"ver": 1, "adr": address}
    if pin is not None:
        members["pin"] = encode(pin)
    if ca is not None:
        members["ca"] = ca
    if credential is not None:
        members["key"] = encode(credential)
    members.update(more)
    return encode(json.dumps(members, separators=(",", ":")).encode())


class Refused(Exception):
    """The request gets this status and error."""

    def __init__(self, status, code, message="Invalid client authentication"):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Request:
    """What came: `bearer` is its text, `header` and `claims` its parts."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.bearer = self.header = self.claims = None

    @property
    def members(self):
        return json.loads(self.body)

    @property
    def kid(self):
        """Of the bearer that there must be; None: it names none."""
        bearer = self.headers["Authorization"].split(" ")[1]
        return json.loads(decode(bearer.split(".")[0])).get("kid")


class Wazuh5Manager:
    """A manager with a password, tokens, or both; `cacerts` is the PEM that it hands out (None:
    404); `listener` a socket to take instead of a new one."""

    def __init__(self, pair, password=None, tokens=None, cacerts=None, prefix="wazuh-manager",
                 clock=0, client_ca=None, address="127.0.0.1", listener=None):
        self.password, self.tokens = password, tokens or {}
        self.cacerts, self.prefix, self.clock = cacerts, prefix, clock
        self.agents = {}  # id: (name, key, secret)
        self.given = 0  # ids so far
        self.requests = []
        # answers for the next requests: (status, body[, headers]), raw bytes, a function, or None
        self.forced = []
        self.token_state = {}  # id: "token_expired", "token_revoked", or a number of authd's
        self.generation = None  # of the CA certificates, if it says one
        self.gives_secret = True
        self.groups = None  # those that exist; None: any
        self.replaces = False  # an agent of the same name, as force rules may
        self.errors = []
        manager = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                manager.serve(self)

            do_GET = do_PUT = do_POST  # noqa: N815

            def date_time_string(self, timestamp=None):
                return formatdate(time.time() + manager.clock, usegmt=True)

            def log_message(self, *arguments):  # pylint: disable=arguments-differ
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            daemon_threads = True

            def server_bind(self):
                socketserver.TCPServer.server_bind(self)  # without looking up names

            def finish_request(self, request, client_address):
                request.settimeout(30)
                with manager.context.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, client_address)

            def handle_error(self, request, client_address):
                pass  # what a client breaks off is its own affair; `errors` has what is ours

        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(*pair)
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        self.server = Server((address, 0), Handler, bind_and_activate=listener is None)
        if listener:
            self.server.socket.close()
            self.server.socket, self.server.server_address = listener, listener.getsockname()
        self.port = self.server.server_address[1]
        self.address = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        assert not self.errors, self.errors

    @property
    def enrollments(self):
        return [request for request in self.requests if request.path.endswith("/enroll")]

    @property
    def kids(self):
        """Of the credentials that came, also where `forced` has answered."""
        return [request.kid for request in self.enrollments]

    @property
    def now(self):
        return time.time() + self.clock

    # ---------------------------------------------------------------- one request

    def serve(self, handler):
        try:
            request = Request(handler.command, handler.path, handler.headers,
                              handler.rfile.read(int(handler.headers.get("Content-Length") or 0)))
            self.requests.append(request)
            answer = self.forced.pop(0) if self.forced else None
            if callable(answer):
                answer = answer(handler)
            if isinstance(answer, bytes):
                handler.wfile.write(answer)
                handler.close_connection = True
                return
            status, body, *headers = answer or self.answer(request)
            self.reply(handler, status, body, headers[0] if headers else {})
        except OSError:
            handler.close_connection = True
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)

    @staticmethod
    def reply(handler, status, body, headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def answer(self, request):
        try:
            if (request.method, request.path) == ("GET", f"/{self.prefix}/cacerts"):
                if self.cacerts is None:
                    return 404, {"error": "not_found"}
                says = {"Wazuh-CA-Generation": self.generation} if self.generation else {}
                return 200, self.cacerts, {"Content-Type": "application/x-pem-file", **says}
            if (request.method, request.path) == ("POST", f"/{self.prefix}/enroll"):
                return 200, self.enroll(request)
            return 404, b"<html>404</html>", {"Content-Type": "text/html"}
        except Refused as refused:
            challenge = {}
            if refused.status == 401:
                bare = refused.code == "enrollment_key_unavailable"
                challenge["WWW-Authenticate"] = "Bearer" if bare else (
                    f'Bearer error="invalid_token", error_description="{refused.code}"')
            return (refused.status, {"error": {"code": refused.code, "message": refused.message}},
                    challenge)

    # ---------------------------------------------------------------- enrolling

    def enroll(self, request):
        if request.headers.get("protocol-version") != "1":
            raise Refused(400, 0, "Missing required header: protocol-version")
        if request.headers.get_content_type() != "application/json":
            raise Refused(415, 0, "Unsupported media type")
        if len(request.body) > BODY_MAX:
            raise Refused(413, 0, "Payload too large")
        agent = self.authenticate(request)
        members = self.read_body(request.body)
        return self.add(members, agent)

    @staticmethod
    def read_body(body):
        def unique(pairs):
            names = [name for name, _ in pairs]
            if len(names) != len(set(names)):
                raise ValueError("a member comes twice")
            return dict(pairs)
        try:
            members = json.loads(body, object_pairs_hook=unique)
        except ValueError:
            raise Refused(400, 0, "Invalid request format") from None
        if not isinstance(members, dict) or not set(members) <= MEMBERS:
            raise Refused(400, 0, "Invalid request format")
        if not all(isinstance(value, str) for value in members.values()) or not {
            "name",
            "version",
        } <= set(members):
            raise Refused(400, 0, "Invalid request format")
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{1,127}", members["name"]):
            raise Refused(400, 0, "Invalid agent name")
        version = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", members["version"])
        if not version or (int(version[1]), int(version[2])) > (5, 0):
            raise Refused(400, 0, "Agent version must be lower or equal to manager version")
        return members

    def authenticate(self, request):
        """The id of the agent that enrolls again; None: a new one."""
        scheme, _, bearer = (request.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer":
            if self.password is not None:
                raise Refused(401, "invalid_request")
            return None
        request.bearer = bearer
        try:
            header_text, claims_text, signature = bearer.split(".")
            request.header, request.claims = json.loads(decode(header_text)), json.loads(
                decode(claims_text)
            )
            signature = decode(signature)
        except ValueError:
            raise Refused(401, "invalid_request") from None
        self.check_profile(header_text, claims_text, request.header, request.claims)
        kid = request.header.get("kid")
        agent = None
        if kid is None:
            if self.password is None:
                return None  # open
            key = derive("password", self.password.encode())
        elif re.fullmatch(r"\d{3,10}", kid):
            if kid not in self.agents:
                raise Refused(401, "unknown_agent")
            agent, key = kid, derive("agent", bytes.fromhex(self.agents[kid][2]))
        else:
            if kid not in self.tokens:
                raise Refused(401, "token_unknown")
            key = derive("token", self.tokens[kid])
        wanted = hmac.new(key, f"{header_text}.{claims_text}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(wanted, signature):
            raise Refused(401, "invalid_signature")
        self.check_time(request.claims)
        state = self.token_state.get(kid)
        if state:
            raise Refused(401 if isinstance(state, str) else 403, state)
        return agent

    @staticmethod
    def check_profile(header_text, claims_text, header, claims):
        """The profile is closed, and there is one way to write a bearer."""
        kid = {"kid": header["kid"]} if "kid" in header else {}
        if header != {"alg": "HS256", **kid, "typ": "wazuh-enroll+jwt"} or set(claims) != {
            "exp", "iat", "jti", "nbf"
        }:
            raise Refused(401, "invalid_request")
        for text, members in ((header_text, header), (claims_text, claims)):
            if decode(text).decode() != json.dumps(members, separators=(",", ":"), sort_keys=True):
                raise Refused(401, "invalid_request")
        if (
            len(claims["jti"]) != 22
            or len(decode(claims["jti"])) != 16
            or claims["nbf"] != claims["iat"]
        ):
            raise Refused(401, "invalid_request")
        if not 0 < claims["exp"] - claims["iat"] <= LIFETIME:
            raise Refused(401, "invalid_request")

    def check_time(self, claims):
        age = self.now - claims["iat"]
        if age < -SKEW or age > MAX_AGE + SKEW or self.now > claims["exp"] + SKEW:
            raise Refused(401, "stale_token")

    def add(self, members, agent):
        wanted = set(filter(None, members.get("groups", "").split(",")))
        if self.groups is not None and not wanted <= self.groups:
            raise Refused(400, 9014, "Invalid Group(s) Name(s)")
        owners = {name: number for number, (name, _, _) in self.agents.items()}
        if owners.get(members["name"], agent) != agent:
            if not self.replaces:
                raise Refused(409, 9008, "Duplicate name")
            del self.agents[owners[members["name"]]]
        self.given += not agent
        number = agent or f"{self.given:03}"
        key, secret = os.urandom(32).hex(), os.urandom(32).hex()
        self.agents[number] = (members["name"], key, secret)
        answer = {"id": number, "name": members["name"], "ip": members.get("ip", "any"), "key": key}
        return {**answer, "reenroll_secret": secret} if self.gives_secret else answer
