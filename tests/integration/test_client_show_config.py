# SPDX-License-Identifier: ISC
"""The command config: the configuration in effect, and where each value is from."""
import json
import os
import re

import pytest

FILE = """[manager]
address = one.example.org
address = [::1]:99
[tls]
ca_file = /etc/manager-ca.pem
[agent]
groups = a,b
[retry]
max = 90
"""


def show(machine, *arguments, **options):
    return machine.register("config", *arguments, trust=None, name=None, **options)


def values_of(text):
    """(KEY, VALUE, SOURCE) of each line that is not a section."""
    return [re.fullmatch(r"(\w+) = (.*?) +; (.*)", line).groups() if " ; " in line else line
            for line in text.splitlines() if line and not line.startswith("[")]


def test_every_key_with_its_source(machine):
    config = machine.write("a.conf", FILE)
    result = show(machine, config=config, settings={"tls.min_version": "1.3"})
    assert result.status == 0 and result.stderr == "", result
    values = values_of(result.stdout)
    assert ("address", "one.example.org", f"{config}:2") in values, result
    assert ("address", "[::1]:99", f"{config}:3") in values, result
    assert ("ca_file", "/etc/manager-ca.pem", f"{config}:5") in values, result
    assert ("groups", "a", f"{config}:7") in values, result
    assert ("groups", "b", f"{config}:7") in values, result
    assert ("max", "1 min 30 s", f"{config}:9") in values, result
    assert ("min_version", "1.3", "the command line") in values, result
    assert ("directory", machine.agent, "the command line") in values, result
    assert ("method", "authd", "default") in values, result
    assert ("port", "", "not set: 1515 for method authd") in values, result
    assert ("pin", "", "not set") in values, result


def test_what_it_prints_is_a_configuration(machine):
    """With the same values, whatever they are."""
    config = machine.write("a.conf", FILE)
    settings = {"manager.method": "api", "auth.api_user": "admin", "agent.name": "%l-x",
                "auth.api_password_file": "/" + 150 * "p", "identity.settle": "1h 5us"}
    shown = show(machine, config=config, settings=settings)
    again = machine.write("again.conf", shown.stdout)
    assert shown.status == 0 and "/" + 150 * "p" in shown.stdout, shown

    def values(**options):
        result = show(machine, "--json", **options)
        assert result.status == 0, result
        return {(section, key): each["value"]
                for section, keys in json.loads(result.stdout)["settings"].items()
                for key, each in keys.items()}
    assert values(config=again) == values(config=config, settings=settings)


def test_json(machine):
    config = machine.write("a.conf", FILE)
    result = show(machine, "--json", config=config, settings={"tls.verify": "yes"})
    assert result.status == 0 and result.stderr == "", result
    shown = json.loads(result.stdout)
    assert shown["valid"] is True and shown["problem"] is None and shown["configured"] is True
    settings = shown["settings"]
    assert settings["manager"]["address"] == {
        "value": ["one.example.org", "[::1]:99"], "source": [f"{config}:2", f"{config}:3"]}
    assert settings["manager"]["port"] == {"value": None, "source": None}
    assert settings["manager"]["method"] == {"value": "authd", "source": None}
    assert settings["tls"]["verify"] == {"value": True, "source": "the command line"}
    assert settings["tls"]["pin"] == {"value": [], "source": []}
    assert settings["retry"]["max"] == {"value": "1 min 30 s", "source": f"{config}:9"}


def test_both_have_the_same_keys(machine):
    text, data = show(machine).stdout, json.loads(show(machine, "--json").stdout)
    keys, section = set(), None
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            keys.add((section, line.split(" = ")[0]))
    assert keys == {(section, key) for section, of in data["settings"].items() for key in of}
    assert len(keys) > 30


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["text", "json"])
def test_invalid(machine, arguments):
    """What it is, is shown nevertheless; and why it is not valid, as by any other command."""
    result = show(machine, *arguments, config=machine.write("a.conf", FILE),
                  settings={"tls.verify": "no"})
    assert result.status == 78 and "contradicts ca_file" in result.failure, result
    assert "/etc/manager-ca.pem" in result.stdout, result
    if arguments:
        shown = json.loads(result.stdout)
        assert shown["valid"] is False and shown["problem"] == result.failure


def test_unreadable(machine):
    config = machine.write("a.conf", "[manager]\nadress = x\n")
    result = show(machine, config=config)
    assert result.status == 78 and f"{config}:2: " in result.failure, result
    assert result.stdout == "", result


def test_unconfigured_is_not_invalid(machine):
    result = show(machine, "--json")
    assert result.status == 0 and json.loads(result.stdout)["configured"] is False, result


def test_credentials(machine):
    directory = os.path.join(machine.directory, "credentials")
    os.mkdir(directory)
    machine.write("credentials/agent-register.conf", "[manager]\naddress = m\n")
    machine.write("credentials/agent-register.password", "secret-word\n")
    result = show(machine, environment={"CREDENTIALS_DIRECTORY": directory})
    values = values_of(result.stdout)
    assert ("address", "m", f"{directory}/agent-register.conf:2") in values, result
    assert ("password_file", f"{directory}/agent-register.password",
            "the credential agent-register.password") in values, result
    assert "secret-word" not in result.stdout


def test_password_in_a_wrong_place(machine):
    """Refused, and not shown."""
    for settings in ({"manager.proxy": "http://me:hunter2@proxy"},
                     {"auth.api_user": "admin:hunter2", "manager.method": "api",
                      "manager.address": "m", "tls.ca_file": "/ca",
                      "auth.api_password_file": "/p"}):
        for arguments in ([], ["--json"]):
            result = show(machine, *arguments, settings=settings)
            assert result.status == 78 and "hunter2" not in result.stdout + result.stderr, result
