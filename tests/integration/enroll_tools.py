# SPDX-License-Identifier: ISC
"""A machine that enrolls with Wazuh 5, for the tests of method enroll. Its fixtures are in
conftest.py."""
import hashlib
import hmac
import json
import os
import re
import time

from wazuh5_manager import derive, encode

SECRET = bytes(range(16, 32))
CREDENTIAL = bytes(range(16)) + SECRET
TOKEN_ID = encode(CREDENTIAL[:16])
PASSWORD = "MyEnrollmentSecret123"


class Enrollment:
    """The options of a run, and what it leaves behind."""

    def __init__(self, machine):
        self.machine = machine
        self.secret_file = os.path.join(machine.etc, "reenroll.secret")
        self.anchor_file = os.path.join(machine.etc, "certs", "root-ca.pem")

    def options(self, manager=None, token=None, password=None, trust="ca", **settings):
        """`manager` None: the token names it; `token` and `password` are texts."""
        chosen = {
            "manager.method": "enroll",
            **{name.replace("__", "."): value for name, value in settings.items()},
        }
        if token is not None:
            chosen["auth.token_file"] = self.machine.password(token, name="token")
            trust = trust if trust != "ca" else None
        if password is not None:
            chosen["auth.password_file"] = self.machine.password(password)
        return {"manager": manager.address if manager else None, "trust": trust, "settings": chosen}

    def run(self, *arguments, force=False, **options):
        return self.machine.register(*arguments, force=force, **self.options(**options))

    def succeeds(self, server, **options):
        """Run, and expect what the manager gave: the key, the secret and the CA."""
        result = self.run(**options)
        assert result.status == 0, result
        assert result.errors == [], result
        number, (name, key, secret) = list(server.agents.items())[-1]
        self.machine.secrets += [key, secret]
        assert self.machine.read_keys() == f"{number} {name} any {key}\n".encode(), result
        assert self.read(self.secret_file) == f"{number} {secret}\n", result
        assert not os.path.exists(self.machine.counter), result
        assert key not in result.stderr and secret not in result.stderr, result
        return result

    def enrolls_at(self, registrar, port, force=False, **options):
        """Run against our own registrar, which has this agent as its latest then."""
        chosen = {**self.options(**options), "manager": f"127.0.0.1:{port}"}
        result = self.machine.register(force=force, **chosen)
        assert result.status == 0, result
        line = self.machine.read_keys().decode().split()
        self.machine.secrets.append(line[3])
        assert registrar.keys()[-1] == line
        return result

    def lose_key(self):
        """What is left to register again with is the secret."""
        os.unlink(self.machine.keys)

    def fails(self, outcome, *words, **options):
        chosen = self.options(
            **{name: value for name, value in options.items() if name not in ("in_state", "within")}
        )
        more = {name: options[name] for name in ("in_state", "within") if name in options}
        return self.machine.fails(outcome, *words, **chosen, **more)

    @staticmethod
    def read(path):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def certificates_in(text):
    """Those in a text of PEM, each as it stands there."""
    return re.findall(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", text, re.S)


def bearer(password=PASSWORD, made=0, header=None, kind="password", **claims):
    """The header field for a bearer made `made` seconds from now; the secret is a text or bytes,
    and without a kind, what it is signed with."""
    now = int(time.time()) + made
    claims = {"exp": now + 60, "iat": now, "jti": encode(os.urandom(16)), "nbf": now, **claims}
    text = ".".join(
        encode(json.dumps(part, separators=(",", ":"), sort_keys=True).encode())
        for part in (header or {"alg": "HS256", "typ": "wazuh-enroll+jwt"}, claims)
    )
    secret = password if isinstance(password, bytes) else password.encode()
    mac = hmac.new(derive(kind, secret) if kind else secret, text.encode(), hashlib.sha256).digest()
    return f"Bearer {text}.{encode(mac)}"
