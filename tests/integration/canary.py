# SPDX-License-Identifier: ISC
"""Secrets that exist in this run of the tests only, and are searched for wherever they must not be:
as they are, and in every form from which somebody could put them together again."""
import base64
import contextlib
import os
import re
import resource
import secrets
import signal
import string
import subprocess

import pytest

LETTERS = string.ascii_letters + string.digits
PIECE = 8  # so many bytes in a row are no coincidence
CHUNK = 5  # nor are half of a secret's bytes in pieces of so many


def text(length=24, within=""):
    """A password: letters and digits, with `within` in the middle."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(length))
    return drawn[:length // 2] + within + drawn[length // 2:]


def windows(data, size, step=1):
    return {data[i:i + size] for i in range(0, max(1, len(data) - size + 1), step)}


class Parts:
    """Every piece of a text, to be found in data. A piece holds all of a chunk of half its length
    (the chunks follow one another), so that few chunks are looked for first."""

    def __init__(self, data, size):
        half = (size + 1) // 2
        self.chunks = windows(data, half, half)
        self.pieces = windows(data, size)

    def are_in(self, data):
        return any(chunk in data for chunk in self.chunks) and \
            any(piece in data for piece in self.pieces)


def base64_forms(secret):
    """What of the base64 of anything that holds the secret depends on the secret alone."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret)
        yield encoded[(before * 8 + 5) // 6:(before + len(secret)) * 8 // 6]


def unescaped(data):
    """With the escapes of URLs, JSON, C, HTML, and of our own log decoded."""
    def character(match):
        number = int(match[1], 16) if match[1] else int(match[2])
        return bytes([number]) if number < 256 else b"?"
    return re.sub(
        rb"(?:%|\\+x|\\+u00|&#x)([0-9a-fA-F]{2});?|&#([0-9]{2,3});", character, data
    ).replace(b"\\", b"").replace(b"\0", b"")


class Canary:
    """A secret. `piece`: how much of it in a row is too much."""

    def __init__(self, secret, piece=PIECE):
        self.text = secret
        self.bytes = secret.encode()
        self.piece = piece
        folded = self.bytes.lower()
        encoded = list(base64_forms(self.bytes))
        self.forms = {"as it is": Parts(folded, piece),
                      "backwards": Parts(folded[::-1], piece),
                      "in hexadecimal": Parts(self.bytes.hex().encode(), 2 * piece)}
        for number, form in enumerate(encoded):
            self.forms[f"in base64 ({number})"] = Parts(form.lower(), piece * 4 // 3 + 1)
        # What a process may have been given: in this case, and in longer pieces.
        self.given = [part for form in (self.bytes, self.bytes.hex().encode(), *encoded)
                      for part in windows(form, piece, piece)]

    def form_in(self, data):
        """In which form the data show it; None: they do not."""
        for reading in {data.lower(), unescaped(data).lower(),
                        data.lower().replace(b"-", b"+").replace(b"_", b"/")}:
            for form, parts in self.forms.items():
                if parts.are_in(reading):
                    return form
        return None

    def in_pieces(self, data):
        """Does a short text show half of it, in pieces? (Not for hexadecimal digits, which are in
        every log.)"""
        reading = unescaped(data).lower()
        seen = set()
        for i in range(len(self.bytes) - CHUNK + 1):
            if self.bytes[i:i + CHUNK].lower() in reading:
                seen.update(range(i, i + CHUNK))
        return 2 * len(seen) >= len(self.bytes)


class Canaries:
    """Named secrets, and where each may be: `keep(NAME, PATH)`."""

    def __init__(self, **texts):
        self.all = {}
        self.places = {}
        for name, secret in texts.items():
            self.add(name, secret)

    def add(self, name, secret, piece=PIECE):
        self.all[name] = Canary(secret, piece)
        return secret

    def __getitem__(self, name):
        return self.all[name].text

    def keep(self, name, path):
        self.places.setdefault(os.path.realpath(path), set()).add(name)

    def search(self, data, where, ignored=()):
        """Nothing of any secret is in the data."""
        data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
        for name, canary in self.all.items():
            form = None if name in ignored else canary.form_in(data)
            assert form is None, f"{where} shows the {name} {form}:\n{data[:2000]!r}"

    def search_log(self, data, where):
        self.search(data, where)
        data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
        for name, canary in self.all.items():
            digits = re.fullmatch("[0-9a-f]+", canary.text)
            assert digits or not canary.in_pieces(data), f"{where} shows pieces of the {name}"

    def search_files(self, directory):
        """All files below the directory, but for what may be where."""
        found = 0
        for root, _, names in os.walk(directory):
            for path in (os.path.join(root, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.search(file.read(), path, self.places.get(os.path.realpath(path), ()))
                    found += 1
        return found

    def search_processes(self):
        """Arguments and environment of every process of this machine, now."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        data = file.read()
                except OSError:
                    continue  # it has ended, or is another user's
                for secret, canary in self.all.items():
                    assert not any(part in data for part in canary.given), (
                        f"/proc/{pid}/{name} shows the {secret}")


# ------------------------------------------------------------------ what peers make of a secret

ECHOES = {
    "whole": lambda secret: secret,
    "but for its end": lambda secret: secret[:-2],
    "in pieces": lambda secret: b" ".join(secret[i:i + 6] for i in range(0, len(secret), 6)),
    "in JSON escapes": lambda secret: b"".join(b"\\u%04x" % byte for byte in secret),
    "in C escapes": lambda secret: b"".join(b"\\x%02x" % byte for byte in secret),
    "in base64": base64.b64encode,
    "in base64url behind more": lambda secret: base64.urlsafe_b64encode(b"x:" + secret),
    "percent-encoded": lambda secret: b"".join(b"%%%02X" % byte for byte in secret),
    "in HTML": lambda secret: b"".join(b"&#%d;" % byte for byte in secret),
    "in hexadecimal": lambda secret: secret.hex().encode(),
    "in another case": lambda secret: secret.swapcase(),
    "backwards": lambda secret: secret[::-1],
}


# ------------------------------------------------------------------ cores


@contextlib.contextmanager
def cores_allowed(directory):
    """Whoever is started now may leave a core in its directory. Skips where not even a process that
    hides nothing does."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pytest.skip("needs a limit on cores that can be raised")
    try:
        with subprocess.Popen(["sleep", "60"], cwd=directory) as process:
            process.send_signal(signal.SIGSEGV)
        if not remove_cores(directory):
            pytest.skip("needs a kernel that writes cores where a process is "
                        "(kernel.core_pattern)")
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limits)


def remove_cores(directory):
    """How many there were."""
    cores = [name for name in os.listdir(directory) if name.startswith("core")]
    for name in cores:
        os.unlink(os.path.join(directory, name))
    return len(cores)
