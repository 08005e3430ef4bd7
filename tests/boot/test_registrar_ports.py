# SPDX-License-Identifier: ISC
"""The ports of the registrar's unit: those that systemd has, each by its socket unit, and those
that the options ask for."""
import json

import pytest
import registrar_units
from registrar_units import FRONT

SOCKETS = ["agent-registrar-enroll.socket", "agent-registrar-api.socket"]
ENROLL = ("curl -s -o /dev/null -w '%{http_code}' --cacert /var/ossec/etc/sslmanager.cert "
          "-H 'protocol-version: 1' -d '{\"name\":\"NAME\",\"version\":\"5.0.0\"}' "
          "https://127.0.0.1:PORT/wazuh-manager/enroll")
OWNERS = "ss -Hltnp 'sport = :PORT' | grep -o '\"[^\"]*\"' | sort -u | xargs"


def enroll(system, name, port):
    return system.run(ENROLL.replace("NAME", name).replace("PORT", str(port))).stdout


def path(system, target, port):
    """The status and the answer."""
    done = system.run("curl -s -w '\\n%{http_code}' --cacert /var/ossec/etc/sslmanager.cert "
                      f"https://127.0.0.1:{port}{target}")
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


def test_sockets(registrar):
    """Both are systemd's, and the first agent of Wazuh 5 starts the service. They stay open while
    it is restarted, and agents' own port is opened by the service as ever."""
    registrar_units.set_options(registrar, "-n --dialect wazuh --api-port 55000")
    for unit in SOCKETS:
        registrar.enable(unit)
    with registrar.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-registrar -n init").exit_status == 0
        assert registrar_units.states(system, FRONT, *SOCKETS) == ["inactive", "active", "active"]
        assert enroll(system, "agent-1", 1517) == "200", registrar_units.journal(system)
        assert registrar_units.states(system, FRONT, *SOCKETS) == ["active"] * 3
        status, answer = path(system, "/agents", 1517)
        assert status == 404 and answer["error"]["code"] == 0
        assert path(system, "/agents", 55000)[0] == 401
        for port in (1517, 55000, 1515):
            assert "agent-registrar" in system.run(OWNERS.replace("PORT", str(port))).stdout
        assert "systemd" in system.run(OWNERS.replace("PORT", "1517")).stdout
        assert "systemd" not in system.run(OWNERS.replace("PORT", "1515")).stdout

        before = system.show(FRONT)["InvocationID"]
        system.run(f"systemctl restart --no-block {FRONT}")
        for number in range(1000):
            is_new = system.show(FRONT)["InvocationID"] not in ("", before)
            assert enroll(system, f"meanwhile-{number}", 1517) == "200"
            if is_new and number >= 20:
                break
        else:
            pytest.fail("it was not restarted")
        assert "is systemd's" not in registrar_units.journal(system)


def test_option(registrar):
    """Without a socket and without an API."""
    with registrar.boot() as system:
        registrar_units.start(system, "--enroll-port 1517")
        assert enroll(system, "agent-1", 1517) == "200", registrar_units.journal(system)
        assert path(system, "/agents", 1517)[0] == 404
        assert system.run("curl -s https://127.0.0.1:55000/").exit_status == 7
        assert not registrar.path("/var/ossec/etc/api.users").exists()
        assert system.run("systemctl reload agent-registrar").exit_status == 0
        assert enroll(system, "agent-2", 1517) == "200"
