# SPDX-License-Identifier: ISC
"""doc/terraform.md: Terraform is not in Debian, so what it would make of the example is made
here."""
import re
import shutil
import subprocess

import cloud
import guide
import pytest

EXAMPLE = guide.DIRECTORY / "examples/terraform"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n(line 1)\n(line 2)\n-----END CERTIFICATE-----"
VALUES = {"manager": "manager.example", "manager_ca": CERTIFICATE, "password": "a password"}


def templatefile(text, values):
    """As Terraform fills it in: this template has variables and indent() only."""
    def value_of(match):
        name, spaces = match["name"], int(match["spaces"] or 0)
        return values[name].replace("\n", "\n" + " " * spaces)
    assert "%{" not in text
    filled = re.sub(r"\$\{(?:indent\((?P<spaces>\d+), )?(?P<name>\w+)\)?\}", value_of, text)
    assert "${" not in filled
    return filled


def without_comments(text):
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_page():
    with guide.Guide("terraform") as page:
        page.carry_out()


def test_user_data_is_that_of_cloud_init():
    """Which a test of its own boots a machine with."""
    made = templatefile((EXAMPLE / "user-data.yaml.tftpl").read_text(), VALUES)
    shipped = (guide.DIRECTORY / "examples/cloud-init-user-data.yaml").read_text()
    for example, value in ((cloud.ADDRESS, "address = manager.example\n"),
                           (cloud.PASSWORD, "a password\n"),
                           ("(the lines of the certificate)", "(line 1)\n      (line 2)")):
        assert example in shipped
        shipped = shipped.replace(example, value)
    assert made.startswith("#cloud-config\n")
    assert without_comments(made) == without_comments(shipped)


def test_plan_fills_in_the_template():
    """All of it, and nothing else."""
    plan = (EXAMPLE / "main.tf").read_text()
    template = (EXAMPLE / "user-data.yaml.tftpl").read_text()
    (given,) = re.findall(r'(?s)templatefile\("[^"]*/user-data\.yaml\.tftpl", \{\n(.*?)\}\)', plan)
    names = set(re.findall(r"(?m)^ *(\w+) *=", given))
    used = re.findall(r"\$\{(?:indent\(\d+, )?(\w+)", template)
    assert names == set(used) == set(VALUES)
    declared = set(re.findall(r'(?m)^variable "(\w+)"', plan))
    assert declared == set(re.findall(r"\bvar\.(\w+)", plan))


@pytest.mark.parametrize("program", ["terraform", "tofu"])
def test_format(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, "fmt", "-check", "-diff", EXAMPLE], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
