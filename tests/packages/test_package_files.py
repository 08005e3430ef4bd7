# SPDX-License-Identifier: ISC
"""The files of the packages themselves."""
import hashlib
import os
import re
import shutil
import subprocess

import built
import package_files
import pytest


def output(*command):
    return subprocess.run(list(map(str, command)), check=True, text=True,
                          capture_output=True).stdout


def checksums(packages):
    return {name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in packages.items()}


def test_lintian():
    """No errors and no warnings; one override, which has its reason beside it."""
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    (changes,) = package_files.DIRECTORY.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--show-overrides", "--info", changes],
                          text=True, capture_output=True, check=False)
    found = [line for line in done.stdout.splitlines() if not line.startswith("N:")]
    overridden = r"O: agent-register: systemd-service-file-refers-to-unusual-wantedby-target .*"
    assert done.returncode == 0 and len(found) == 1 and re.fullmatch(overridden, found[0]), done


def test_the_same_when_built_again(packages, tmp_path):
    """Bit for bit, in another directory, with another clock's zone, language and file modes."""
    if not shutil.which("dh"):
        pytest.skip("debhelper is not installed")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS"))}
    environment |= {"TMPDIR": str(tmp_path), "TZ": "Pacific/Kiritimati", "LC_ALL": "C",
                    "USER": "somebody", "HOME": str(tmp_path)}
    subprocess.run(["sh", "-c", 'umask 027 && exec "$@"', "sh",
                    built.REPOSITORY / "packaging/build", built.BUILD, tmp_path / "again", "-b"],
                   check=True, env=environment, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    again = {name: next((tmp_path / "again").glob(f"{name}_*.deb")) for name in packages["this"]}
    assert checksums(again) == checksums(packages["this"])


def test_libsystemd_is_a_dependency(packages):
    """Of the client, which loads it by dlopen(); of the module alone, libcurl and jansson."""
    depends = {name: output("dpkg-deb", "-f", path, "Depends")
               for name, path in packages["this"].items()}
    assert re.search(r"\blibsystemd0 \(>= \d+\)", depends["agent-register"])
    assert not re.search("curl|jansson|event", depends["agent-register"])
    assert re.search("libcurl.*libjansson", depends["agent-register-https"])
    this = re.escape(package_files.version(packages["this"]["agent-register"]))
    assert re.search(rf"\bagent-register \(= {this}\)", depends["agent-register-https"])


def test_configuration_files(packages):
    for name, expected in (("agent-register", "/etc/agent-register/agent-register.conf"),
                           ("agent-registrar", "/etc/default/agent-registrar")):
        assert output("dpkg-deb", "-I", packages["this"][name],
                      "conffiles").split() == [expected]


def normal(paths):
    """Without the places in which distributions differ, and without compression."""
    for path in paths:
        path = re.sub(r"^/lib/", "/usr/lib/", path.removesuffix(".gz"))
        path = re.sub(r"^/usr/lib(64|/[a-z0-9_]+-linux-gnu)?/agent-register/", "/LIB/", path)
        path = re.sub("^/usr/share/zsh/(vendor-completions|site-functions)/", "/ZSH/", path)
        if not re.match("/usr/(share/(doc|licenses|lintian)|lib/.build-id|lib/debug)/", path):
            yield path


def test_rpms_have_the_same_files(packages):
    if not shutil.which("rpm"):
        pytest.skip("rpm is not installed")
    for name, package in packages["this"].items():
        (rpm,) = [path for path in package_files.DIRECTORY.glob(f"{name}-[0-9]*.rpm")
                  if not path.name.endswith(".src.rpm")]
        ours = [line.split(maxsplit=5)[5].split(" -> ")[0].removeprefix(".")
                for line in output("dpkg-deb", "-c", package).splitlines()
                if not line.startswith("d")]
        theirs = [line.split(maxsplit=1)[1] for line in
                  output("rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]",
                         rpm).splitlines() if line and not line.startswith("d")]
        assert sorted(normal(theirs)) == sorted(normal(ours)), name
