# SPDX-License-Identifier: ISC
"""Certificates in DER, made by hand: nothing in them is signed, because nobody looks at that."""
import base64


def der(tag, *content):
    body = b"".join(content)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + body


def oid(hexadecimal):
    return der(0x06, bytes.fromhex(hexadecimal))


COMMON_NAME, ORGANIZATION = "550403", "55040a"
ALTERNATIVE_NAMES, CONSTRAINTS, BASIC = "551d11", "551d1e", "551d13"
RSA_SHA256 = der(0x30, oid("2a864886f70d01010b"), der(0x05))


def name(*parts):
    """A distinguished name of (attribute, type of its text, text)."""
    return der(
        0x30,
        *(der(0x31, der(0x30, oid(attribute), der(kind, text))) for attribute, kind, text in parts)
    )


def extension(which, content, critical=False):
    return der(0x30, oid(which), der(0x01, b"\xff") if critical else b"", der(0x04, content))


# The public key of all of them.
KEY = der(
    0x30,
    der(0x30, oid("2a864886f70d010101"), der(0x05)),
    der(
        0x03,
        b"\x00",
        der(0x30, der(0x02, b"\x00\xc1" + bytes(30) + b"\x01"), der(0x02, b"\x01\x00\x01")),
    ),
)


def certificate(subject, *extensions):
    body = der(
        0x30,
        der(0xA0, der(0x02, b"\x02")),
        der(0x02, b"\x01"),
        RSA_SHA256,
        name((COMMON_NAME, 0x0C, b"CA")),
        der(0x30, der(0x17, b"200101000000Z"), der(0x17, b"400101000000Z")),
        subject,
        KEY,
        der(0xA3, der(0x30, *extensions)) if extensions else b"",
    )
    return der(0x30, body, RSA_SHA256, der(0x03, b"\x00" + bytes(32)))


def dns(text):
    return der(0x82, text)


def address(content):
    return der(0x87, content)


def alternative(*names):
    return extension(ALTERNATIVE_NAMES, der(0x30, *names))


def constraints(permitted=(), excluded=()):
    def trees(tag, names):
        return der(tag, *(der(0x30, each) for each in names)) if names else b""

    return extension(CONSTRAINTS, der(0x30, trees(0xA0, permitted), trees(0xA1, excluded)), True)


V4 = bytes([192, 0, 2, 1])
V6 = bytes.fromhex("20010db8000000000000000000000001")


def chains():
    """A byte that chooses the name that is looked for, and the certificates."""
    ours = name((ORGANIZATION, 0x0C, b"Acme"), (COMMON_NAME, 0x0C, b"web-01.example.org"))
    leaf = certificate(ours, alternative(dns(b"web-01.example.org"), address(V4), address(V6)))
    bare = certificate(ours)
    wild = certificate(
        name(),
        alternative(
            dns(b"*.lan"), dns(b"*.example.org"), address(b"abc"), der(0x81, b"root@example.org")
        ),
    )
    literal = certificate(name((COMMON_NAME, 0x13, b"192.0.2.1"), (COMMON_NAME, 0x13, b"::1")))

    def ca(*extensions):
        return certificate(name((COMMON_NAME, 0x0C, b"CA")), *extensions)

    only_ours = ca(constraints([dns(b"example.org")]))
    others = ca(constraints([dns(b"example.net")], [dns(b"lan")]))
    networks = ca(constraints([address(V4 + b"\xff\xff\xff\x00")], [address(V6 + b"\xff" * 16)]))
    damaged = ca(extension(CONSTRAINTS, b"\x30\x05abc"))
    shortages = {
        f"short-{name_}-{given}": bytes([which]) + content + bytes([given])
        for name_, which, content in (
            ("host", 8, leaf + only_ours),
            ("address", 0x0C, leaf + networks),
            ("common", 0x0C, literal + networks),
        )
        for given in (*range(24), 30, 40, 60, 80, 120)
    }
    dotted = certificate(name(), alternative(dns(b"web-01.example.org."), dns(b"*.lan.")))
    return {
        **shortages,
        "root-dot": b"\x00" + dotted,
        "long-name": b"\x80" + leaf,
        "common-other": b"\x05" + literal,
        "host": b"\x00" + leaf,
        "host-dot": b"\x01" + leaf,
        "host-ca": b"\x00" + leaf + only_ours,
        "host-forbidden": b"\x00" + leaf + others,
        "host-damaged": b"\x00" + leaf + damaged,
        "host-common": b"\x00" + bare + only_ours + ca(),
        "wildcard": b"\x02" + wild,
        "wildcard-forbidden": b"\x02" + wild + others,
        "leading-dot": b"\x03" + wild,
        "address": b"\x04" + leaf,
        "address-ca": b"\x04" + leaf + networks,
        "address-common": b"\x04" + literal,
        "address-common-ca": b"\x04" + literal + only_ours,
        "address-common-forbidden": b"\x04" + literal + networks,
        "address-damaged": b"\x04" + literal + damaged,
        "address-six": b"\x05" + leaf + networks,
        "zone": b"\x06" + leaf,
        "empty": b"\x07" + leaf,
        "no-name": b"\x00" + certificate(name()),
        "odd-texts": b"\x00"
        + certificate(
            name((COMMON_NAME, 0x1E, b"\x00w\x00e\x00b"), (COMMON_NAME, 0x0C, b"a\x00b\xff\n")),
            alternative(dns(b"web-01.example.org\x00.evil"), dns(b""), dns(b"x" * 300)),
        ),
        "odd-names": b"\x00" + certificate(name(), extension(ALTERNATIVE_NAMES, b"\x30\x03abc")),
        "cut": b"\x00" + leaf[:100],
    }


def pem_files():
    """A byte that says what was wanted, and the file."""
    leaf = certificate(name((COMMON_NAME, 0x0C, b"a")))
    key = der(0x30, der(0x02, b"\x00"), der(0x30, oid("2b6570")), der(0x04, der(0x04, bytes(32))))
    locked = der(0x30, der(0x30, oid("2a864886f70d01050d"), der(0x30)), der(0x04, bytes(16)))
    request = der(
        0x30,
        der(
            0x30,
            der(0x02, b"\x00"),
            name(),
            der(0x30, der(0x30, oid("2b6570")), der(0x03, b"\x00" + bytes(32))),
            der(0xA0),
        ),
        RSA_SHA256,
        der(0x03, b"\x00"),
    )
    crl = der(
        0x30,
        der(0x30, RSA_SHA256, name(), der(0x17, b"200101000000Z")),
        RSA_SHA256,
        der(0x03, b"\x00"),
    )
    public = der(0x30, der(0x30, oid("2b6570")), der(0x03, b"\x00" + bytes(32)))
    pkcs7 = der(
        0x30,
        oid("2a864886f70d010702"),
        der(
            0xA0,
            der(
                0x30,
                der(0x02, b"\x01"),
                der(0x31),
                der(0x30, oid("2a864886f70d010701")),
                der(0xA0, leaf),
                der(0x31),
            ),
        ),
    )
    pkcs12 = der(
        0x30,
        der(0x02, b"\x03"),
        der(0x30, oid("2a864886f70d010701"), der(0xA0, der(0x04, der(0x30)))),
    )

    def pem(content, label=b"CERTIFICATE", end=b"\n", width=64):
        text = base64.b64encode(content)
        rows = [text[i : i + width] for i in range(0, len(text), width)]
        return end.join(
            [b"-----BEGIN " + label + b"-----", *rows, b"-----END " + label + b"-----", b""]
        )

    good = pem(leaf)
    labels = {
        b"PRIVATE KEY": key,
        b"ENCRYPTED PRIVATE KEY": locked,
        b"OPENSSH PRIVATE KEY": b"x",
        b"CERTIFICATE REQUEST": request,
        b"TRUSTED CERTIFICATE": leaf,
        b"X509 CRL": crl,
        b"PUBLIC KEY": public,
        b"EC PARAMETERS": b"x",
        b"PKCS7": pkcs7,
        b"OTHER": b"x",
    }
    files = {
        "good": good,
        "der": leaf,
        "der-key": key,
        "der-pkcs7": pkcs7,
        "der-pkcs12": pkcs12,
        "der-request": request,
        "der-crl": crl,
        "der-public": public,
        "der-locked": locked,
        "base64": base64.b64encode(leaf),
        "base64-key": base64.b64encode(key),
        "base64-pkcs7": base64.b64encode(pkcs7),
        "base64-pkcs12": base64.b64encode(pkcs12),
        "base64-pem": base64.b64encode(good),
        "base64-lines": base64.encodebytes(leaf),
        "base64-nothing": base64.b64encode(b"nothing of that kind"),
        "indented": good.replace(b"\n", b"\n  "),
        "first-indented": b"  " + good,
        "joined": good[:-1] + good,
        "quotes": b'"' + good + b'"\n',
        "apostrophes": b"'" + good,
        "returns": good.replace(b"\n", b"\r"),
        "returns-both": good.replace(b"\n", b"\r\n"),
        "mark": b"\xef\xbb\xbf" + good,
        "prefixed": b"cert: " + good,
        "prefixed-end": good.replace(b"-----END", b"x-----END"),
        "escaped": good.replace(b"\n", b"\\n"),
        "escaped-returns": good.replace(b"\n", b"\\r\\n"),
        "one-line": good.replace(b"\n", b" "),
        "no-breaks": good.replace(b"\n", b""),
        "cut": good[:60],
        "damaged": good.replace(b"A", b"!", 3),
        "wrong-content": pem(b"nothing"),
        "pkcs7-inside": pem(pkcs7),
        "empty-inside": pem(b""),
        "utf-16-mark": b"\xff\xfe" + good.decode().encode("utf-16-le"),
        "utf-16-be-mark": b"\xfe\xff" + good.decode().encode("utf-16-be"),
        "utf-16": good.decode().encode("utf-16-le"),
        "utf-16-be": good.decode().encode("utf-16-be"),
        "html": b"<html>",
        "json": b'{"a": 1}',
        "pin": b"sha256//abc",
        "ssh": b"ssh-ed25519 AAAA",
        "ssh2": b"---- BEGIN SSH2 PUBLIC KEY",
        "putty": b"PuTTY-User-Key-File-3: x",
        "java": b"\xfe\xed\xfe\xed\0",
        "zip": b"PK\x03\x04",
        "gzip": b"\x1f\x8b\x08",
        "hyphens": b"--- BEGIN CERTIFICATE ---\nabc\n",
        "empty": b"",
        "blanks": b" \n\n",
        "nothing": b"nothing of that kind",
        "two": good + good,
        "two-kinds": good + pem(key, b"KEY"),
        "proc-type": pem(b"\x01" * 60, b"RSA PRIVATE KEY").replace(
            b"-----\n", b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1
        ),
        "end-first": b"-----END CERTIFICATE-----\n" + good[:40],
        "end-other": good.replace(b"END CERTIFICATE", b"END OTHER"),
    }
    files.update(
        {
            "label-" + label.decode().lower().replace(" ", "-"): pem(content, label)
            for label, content in labels.items()
        }
    )
    return {
        **{name_: b"\x00" + content for name_, content in files.items()},
        **{
            "key-" + name_: b"\x01" + content
            for name_, content in files.items()
            if name_.startswith(("der", "base64", "label", "good", "hyphens", "damaged"))
        },
    }


def rejected():
    """OpenSSL's error, the depth, and a certificate."""
    odd = name((ORGANIZATION, 0x0C, "Acm\u00e9\n".encode()), (COMMON_NAME, 0x0C, b"x" * 300))
    leaf, strange = certificate(odd), certificate(name((COMMON_NAME, 0x1E, b"\x00w")))
    return {
        **{f"error-{n}": bytes([n, n % 2]) + leaf for n in range(96)},
        "no-name": bytes([20, 1]) + certificate(name()),
        "strange-name": bytes([20, 1]) + strange,
        "none": bytes([20, 0]),
    }


SEEDS = {"certificate": chains, "chain": rejected, "pem": pem_files}
