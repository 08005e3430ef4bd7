# SPDX-License-Identifier: ISC
"""CA files as they arrive after environment variables, templates, cloud-init, mail and Windows:
each is named as what it is, and the command in the message really converts it."""
import base64
import os
import re
import subprocess

import pytest


def bundle(certificates, *form):
    return certificates.openssl("crl2pkcs7", "-nocrl", "-certfile", certificates.ca(), *form)


def other(certificates):
    """A CA that nobody asks for, in good form."""
    with open(certificates.ca("other"), "rb") as file:
        return file.read()


# A shape: what becomes of the CA's PEM text (bytes; `c` are the certificates), and how it is named.
SHAPES = {
    "one line": (lambda pem, c: pem.replace(b"\n", b""), "line breaks are lost"),
    "blanks": (lambda pem, c: pem.replace(b"\n", b" "), "line breaks are lost"),
    "backslash n": (lambda pem, c: pem.replace(b"\n", b"\\n"), r"line breaks are written as \\n"),
    "a JSON string": (lambda pem, c: b'"' + pem.replace(b"\n", b"\\n") + b'"',
                      r"line breaks are written as \\n"),
    "carriage returns": (lambda pem, c: pem.replace(b"\n", b"\r"), "carriage returns"),
    "indented": (lambda pem, c: b"      " + pem.replace(b"\n", b"\n      "), "indented"),
    "two without a line break": (lambda pem, c: pem.rstrip() + pem, "without a line break"),
    "quotes": (lambda pem, c: b"'" + pem + b"'", "in quotes"),
    "base64": (lambda pem, c: base64.b64encode(pem), "base64 form of a PEM file"),
    "bare base64": (lambda pem, c: b"".join(pem.splitlines(True)[1:-1]), "in base64"),
    "DER": (lambda pem, c: c.openssl("x509", "-in", c.ca(), "-outform", "DER"), "DER form"),
    "PKCS #7": (lambda pem, c: bundle(c), "PKCS #7"),
    "PKCS #7 in DER": (lambda pem, c: bundle(c, "-outform", "DER"), "PKCS #7"),
    "PKCS #7 from Windows": (lambda pem, c: bundle(c).replace(b"PKCS7", b"CERTIFICATE"),
                             "PKCS #7 bundle under the name of a certificate"),
    "PKCS #12": (lambda pem, c: c.openssl("pkcs12", "-export", "-nokeys", "-in", c.ca(),
                                          "-passout", "pass:"), "PKCS #12"),
    "trusted": (lambda pem, c: c.openssl("x509", "-in", c.ca(), "-trustout", "-addtrust",
                                         "serverAuth"), "TRUSTED CERTIFICATE"),
    "another one behind it, in one line": (
        lambda pem, c: other(c) + pem.replace(b"\n", b""), "line breaks are lost"),
    "another one behind it, indented": (
        lambda pem, c: other(c) + b"  " + pem.replace(b"\n", b"\n  "), "indented"),
    "UTF-16": (lambda pem, c: pem.decode().encode("utf-16"), "UTF-16"),
}


@pytest.mark.parametrize("make, name", SHAPES.values(), ids=SHAPES.keys())
def test_conversion(machine, start_manager, certificates, make, name):
    with open(certificates.ca(), "rb") as file:
        path = machine.write("ca.pem", make(file.read(), certificates))
    manager = start_manager()
    result = machine.fails("misconfigured", path, manager=manager, trust=["--ca", path])
    assert re.search(name, result.failure), result
    assert manager.conversations == []

    command = result.failure.split("; convert it with: ")[1]
    converted = os.path.join(machine.directory, "NEW")
    subprocess.run(["bash", "-ec", command.replace("NEW", converted)], check=True, input=b"\n",
                   cwd=machine.directory)
    machine.registers(manager=manager, trust=["--ca", converted])


def test_byte_order_mark(machine, start_manager, certificates):
    """An editor of Windows has put it there; it changes nothing."""
    with open(certificates.ca(), "rb") as file:
        path = machine.write("ca.pem", b"\xef\xbb\xbf" + file.read().replace(b"\n", b"\r\n"))
    machine.registers(manager=start_manager(), trust=["--ca", path])


def test_web_page(machine, start_manager):
    path = machine.write("ca.pem", "<!DOCTYPE html><html>404 Not Found</html>")
    machine.fails("misconfigured", "contains HTML", "download the file again",
                  manager=start_manager(), trust=["--ca", path])
