# SPDX-License-Identifier: ISC
"""The registrar's enrollment tokens, for the tests of them. The fixture is in conftest.py."""
import json


class Tokens:
    """The commands over one directory, with a certificate and its CA."""

    def __init__(self, admin, certificates):
        self.admin = admin
        self.file = admin.directory / "etc" / "enrollment.tokens"
        self.certificate = certificates.chain("good")[0]

    def __call__(self, *arguments, status=0):
        return self.admin("token", *arguments, status=status)

    def create(self, *arguments, address="manager.example", status=0):
        """What it prints."""
        return self("create", "--address", address, "-x", str(self.certificate), *arguments,
                    status=status)

    def create_one(self, *arguments):
        """Its id."""
        return json.loads(self.create("--json", *arguments))["id"]

    def listed(self):
        return json.loads(self("list", "--json"))["tokens"]

    def edit(self, old, new):
        text = self.file.read_text()
        assert old in text, text
        self.file.write_text(text.replace(old, new))

    def expire(self):
        """The first of them."""
        self.edit(f" {self.file.read_text().splitlines()[1].split()[3]} ", " 1700000000 ")
