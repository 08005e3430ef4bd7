# SPDX-License-Identifier: ISC
"""The certificates of the tests, made with the openssl command when first asked for.

Everything is named by what is special about it: `server("expired")`, `client("other-ca")`,
`key("encrypted")`."""
import base64
import hashlib
import os
import subprocess

NAMES = "IP:127.0.0.1,IP:127.0.0.2,IP:::1,DNS:localhost,DNS:manager.test"
LONG_AGO = ("20200101000000Z", "20210101000000Z")
FAR_OFF = ("20850101000000Z", "20860101000000Z")
NOW = ("20200101000000Z", "20860101000000Z")

AUTHORITIES = {
    "ca": {},
    "other": {},
    "expired": {"validity": LONG_AGO},
    "intermediate": {"issuer": "ca"},
    "constrained": {"constraints": "critical,permitted;DNS:elsewhere.test"},
}

# What a certificate says: cn (null: an empty subject), san, validity, issuer (null: self-signed),
# eku, key algorithm.
CERTIFICATES = {
    # the manager's
    "good": {"cn": "manager", "san": NAMES},
    "rsa": {"cn": "manager", "san": NAMES, "algorithm": ("RSA", "rsa_keygen_bits:2048")},
    "san-ipv4": {"san": "IP:127.0.0.1"},
    "san-ipv6": {"san": "IP:::1"},
    "san-dns": {"san": "DNS:localhost"},
    "san-wildcard": {"san": "DNS:*.manager.test"},
    "dns-ipv4": {"san": "DNS:127.0.0.1"},
    "san-lan": {"san": "DNS:*.lan"},
    "san-star": {"san": "DNS:*"},
    "cn-ipv4": {"cn": "127.0.0.1"},
    "cn-ipv6": {"cn": "::1"},
    "cn-dns": {"cn": "localhost"},
    "cn-dns-beside-san": {"cn": "localhost", "san": "DNS:elsewhere.test"},
    "cn-beside-san": {"cn": "127.0.0.1", "san": "DNS:elsewhere.test,IP:192.0.2.1"},
    "wrong-name": {"cn": "elsewhere", "san": "DNS:elsewhere.test,IP:192.0.2.1"},
    "wazuh-default": {"cn": "Wazuh", "issuer": None},
    "wrong-name-escapes": {"cn": "a\x1b[31mred"},
    "expired": {"cn": "manager", "san": NAMES, "validity": LONG_AGO},
    "not-yet-valid": {"cn": "manager", "san": NAMES, "validity": FAR_OFF},
    "other-ca": {"cn": "manager", "san": NAMES, "issuer": "other"},
    "self-signed": {"cn": "manager", "san": NAMES, "issuer": None},
    "behind-intermediate": {"cn": "manager", "san": NAMES, "issuer": "intermediate"},
    "rsa-1024": {"cn": "manager", "san": NAMES, "algorithm": ("RSA", "rsa_keygen_bits:1024")},
    "constrained-cn": {"cn": "localhost", "san": "DNS:elsewhere.test", "issuer": "constrained"},
    "constrained-san": {"san": "DNS:elsewhere.test", "issuer": "constrained"},
    "client-only": {"cn": "manager", "san": NAMES, "eku": "clientAuth"},
    # the agent's
    "agent": {"cn": "web-01", "eku": "clientAuth"},
    "agent-other-ca": {"cn": "web-01", "eku": "clientAuth", "issuer": "other"},
    "agent-expired": {"cn": "web-01", "eku": "clientAuth", "validity": LONG_AGO},
}

CONFIG = """\
[req]
distinguished_name = subject
prompt = no
string_mask = utf8only
[subject]
O = test
[ca]
default_ca = it
[it]
new_certs_dir = {directory}
database = {directory}/{issuer}.index
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
string_mask = utf8only
[anything]
organizationName = optional
commonName = optional
"""


class Certificates:
    def __init__(self, directory):
        self.directory = str(directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *arguments):
        return subprocess.run(
            ["openssl", *arguments], check=True, capture_output=True, cwd=self.directory
        ).stdout

    def ca(self, name="ca"):
        """The path of an authority's certificate."""
        certificate = self.path(f"ca-{name}.pem")
        if not os.path.exists(certificate):
            what = AUTHORITIES[name]
            if "issuer" in what:
                self.ca(what["issuer"])
            self.private_key(f"ca-{name}")
            extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n"
            if "constraints" in what:
                extensions += f"nameConstraints={what['constraints']}\n"
            self.issue(
                f"ca-{name}",
                what.get("issuer"),
                cn=f"Test CA {name}",
                validity=what.get("validity", NOW),
                extensions=extensions,
            )
        return certificate

    def pair(self, name):
        """The paths of a certificate and its key."""
        certificate = self.path(f"{name}.pem")
        if not os.path.exists(certificate):
            what = CERTIFICATES[name]
            issuer = what.get("issuer", "ca")
            extensions = "basicConstraints=CA:FALSE\n"
            if issuer:
                self.ca(issuer)
            if "san" in what:
                extensions += f"subjectAltName={what['san']}\n"
            if "eku" in what:
                extensions += f"extendedKeyUsage={what['eku']}\n"
            self.private_key(name, what.get("algorithm", ("EC", "ec_paramgen_curve:P-256")))
            self.issue(name, issuer, what.get("cn"), what.get("validity", NOW), extensions)
        return certificate, self.path(f"{name}.key")

    def private_key(self, name, algorithm=("EC", "ec_paramgen_curve:P-256")):
        self.openssl("genpkey", "-algorithm", algorithm[0], "-pkeyopt", algorithm[1], "-out",
                     f"{name}.key")

    def issue(self, name, issuer, cn, validity, extensions):
        signer = f"ca-{issuer}" if issuer else name
        with open(self.path(f"{name}.ext"), "w", encoding="ascii") as file:
            file.write(extensions)
        with open(self.path(f"{name}.cnf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(directory=self.directory, issuer=signer))
        with open(self.path(f"{signer}.index"), "w", encoding="ascii"):
            pass
        self.openssl("req", "-new", "-key", f"{name}.key", "-config", f"{name}.cnf", "-out",
                     f"{name}.csr", "-subj", f"/O=test/CN={cn}" if cn else "/O=test")
        self.openssl(
            "ca",
            "-batch",
            "-notext",
            "-config",
            f"{name}.cnf",
            "-in",
            f"{name}.csr",
            "-out",
            f"{name}.pem.new",
            "-extfile",
            f"{name}.ext",
            "-startdate",
            validity[0],
            "-enddate",
            validity[1],
            "-keyfile",
            f"{signer}.key",
            *(["-cert", f"{signer}.pem"] if issuer else ["-selfsign"]),
        )
        os.rename(self.path(f"{name}.pem.new"), self.path(f"{name}.pem"))

    def chain(self, name):
        """A pair whose certificate file holds the issuer's certificate as well."""
        certificate, key = self.pair(name)
        both = self.path(f"{name}-chain.pem")
        with open(both, "w", encoding="ascii") as chain:
            for path in (certificate, self.ca(CERTIFICATES[name].get("issuer", "ca"))):
                with open(path, encoding="ascii") as file:
                    chain.write(file.read())
        return both, key

    def pin(self, name):
        """The line of `pin` for a certificate's key."""
        public = self.openssl("x509", "-in", self.pair(name)[0], "-noout", "-pubkey")
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "DER"],
            input=public,
            check=True,
            capture_output=True,
        ).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()

    def encrypted_key(self, name):
        """The same private key behind a passphrase."""
        encrypted = self.path(f"{name}-encrypted.key")
        if not os.path.exists(encrypted):
            self.openssl("pkey", "-in", self.pair(name)[1], "-aes256", "-passout", "pass:secret",
                         "-out", encrypted)
        return encrypted

    def der(self, name):
        """A certificate without the PEM armour."""
        der = self.path(f"{name}.der")
        self.openssl("x509", "-in", self.pair(name)[0], "-outform", "DER", "-out", der)
        return der
