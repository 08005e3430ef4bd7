# SPDX-License-Identifier: ISC
"""Whom to believe, as tables: every method that speaks TLS is tested with them."""
import ssl

import pytest

IPV4, IPV6, LOCALHOST = "127.0.0.1", "::1", "localhost"

# What the configured address may be called: a certificate, the address, verify_name, and is it
# right?
NAMES = {
    "ipv4 in san": ("san-ipv4", IPV4, None, True),
    "ipv6 in san": ("san-ipv6", IPV6, None, True),
    "name in san": ("san-dns", LOCALHOST, None, True),
    "ipv4 as cn": ("cn-ipv4", IPV4, None, True),
    "ipv6 as cn": ("cn-ipv6", IPV6, None, True),
    "name as cn": ("cn-dns", LOCALHOST, None, True),
    "cn counts beside san": ("cn-dns-beside-san", LOCALHOST, None, True),
    "upper case": ("san-dns", "LOCALHOST", None, True),
    "verify_name in san": ("wrong-name", IPV4, "elsewhere.test", True),
    "verify_name as cn": ("wrong-name", IPV4, "elsewhere", True),
    "verify_name as address": ("wrong-name", LOCALHOST, "192.0.2.1", True),
    "verify_name under a wildcard": ("san-wildcard", IPV4, "a.manager.test", True),
    "Wazuh's default by verify_name": ("wazuh-default", IPV4, "Wazuh", True),
    "ipv4 not in san": ("san-dns", IPV4, None, False),
    "ipv6 not in san": ("san-ipv4", IPV6, None, False),
    "name not in san": ("san-ipv4", LOCALHOST, None, False),
    "other name": ("wrong-name", IPV4, None, False),
    "other name for a name": ("wrong-name", LOCALHOST, None, False),
    "ipv4 as cn beside san": ("cn-beside-san", IPV4, None, False),
    "ipv4 is no name": ("cn-dns", IPV4, None, False),
    "Wazuh's default": ("wazuh-default", IPV4, None, False),
    "verify_name replaces the address": ("good", IPV4, "elsewhere.test", False),
    "two labels under a wildcard": ("san-wildcard", IPV4, "a.b.manager.test", False),
    "a wildcard's own name": ("san-wildcard", IPV4, "manager.test", False),
    "escape codes in the certificate": ("wrong-name-escapes", IPV4, None, False),
}

# The certificate, how it is trusted ("PIN": its own pin), and words of the refusal; null: it is
# accepted.
TRUST = {
    "ca": ("good", ["--ca", "CA"], None),
    "rsa": ("rsa", ["--ca", "CA"], None),
    "pin": ("good", ["--pin", "PIN"], None),
    "second pin": ("good", ["--pin", "OTHERPIN", "--pin", "PIN"], None),
    "pin of a self-signed certificate": ("self-signed", ["--pin", "PIN"], None),
    "pin does not look at the name": ("wrong-name", ["--pin", "PIN"], None),
    "pin of Wazuh's default": ("wazuh-default", ["--pin", "PIN"], None),
    "ca and pin": ("good", ["--ca", "CA", "--pin", "PIN"], None),
    "verify = no": ("other-ca", ["--set", "tls.verify=no"], None),
    "verify = no, expired": ("expired", ["--set", "tls.verify=no"], None),
    "self-signed as its own ca": ("self-signed", ["--ca", "ITSELF"], None),
    "other ca": ("other-ca", ["--ca", "CA"], "not issued by a CA in"),
    "self-signed": ("self-signed", ["--ca", "CA"], "not issued by a CA in"),
    "expired": ("expired", ["--ca", "CA"], "expired on 2021-01-01"),
    "not yet valid": ("not-yet-valid", ["--ca", "CA"], "not valid before 2085-01-01"),
    "certificate of a client": ("client-only", ["--ca", "CA"], "extendedKeyUsage serverAuth"),
    "other pin": ("good", ["--pin", "OTHERPIN"], "does not match pin in [tls]"),
    "ca and other pin": ("good", ["--ca", "CA", "--pin", "OTHERPIN"],
                         "does not match pin in [tls]"),
    "pin and other ca": ("other-ca", ["--ca", "CA", "--pin", "PIN"], "not issued by a CA in"),
    "pin and ca, wrong name": ("wrong-name", ["--ca", "CA", "--pin", "PIN"], "not for 127.0.0.1"),
    "pin and ca, expired": ("expired", ["--ca", "CA", "--pin", "PIN"], "expired on"),
    "pin and verify_name, wrong name": ("good",
                                        ["--pin", "PIN", "--set", "tls.verify_name=elsewhere.test"],
                                        "not for elsewhere.test"),
}

V1_0, V1_1, V1_2, V1_3 = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2,
                          ssl.TLSVersion.TLSv1_3)

# The manager's lowest and highest version, the client's settings, and the version they agree on;
# null: none.
VERSIONS = {
    "1.2 only": (V1_2, V1_2, {}, "TLSv1.2"),
    "1.3 only": (V1_3, V1_3, {}, "TLSv1.3"),
    "1.1 only": (V1_1, V1_1, {}, None),
    "1.0 only": (V1_0, V1_0, {}, None),
    "1.0 to 1.3": (V1_0, V1_3, {}, "TLSv1.3"),
    "1.1 only, min_version 1.1": (V1_1, V1_1, {"tls.min_version": "1.1"}, "TLSv1.1"),
    "1.2 only, min_version 1.3": (V1_2, V1_2, {"tls.min_version": "1.3"}, None),
    "1.2 only, cipher in common": (V1_2, V1_2, {"tls.ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"},
                                   "TLSv1.2"),
    "1.2 only, no cipher in common": (V1_2, V1_2, {"tls.ciphers": "ECDHE-RSA-AES128-GCM-SHA256"},
                                      None),
    "1.3 only, ciphersuite": (V1_3, V1_3, {"tls.ciphersuites": "TLS_CHACHA20_POLY1305_SHA256"},
                              "TLSv1.3"),
}

BOTH_VERSIONS = pytest.mark.parametrize("version", [V1_2, V1_3], ids=["TLSv1.2", "TLSv1.3"])


def own_certificate(certificates, name):
    certificate, key = certificates.pair(name)
    return {"tls.certificate_file": certificate, "tls.private_key_file": key}
