# SPDX-License-Identifier: ISC
"""The registrar's two units in a machine."""
import manual

OPTIONS = "/etc/default/agent-registrar"
FRONT, KEEPER = "agent-registrar.service", "agent-registrar-keeper.service"
SOCKET = "agent-registrar-keeper.socket"
JOURNAL = "journalctl --sync; journalctl -q -b -o cat -u agent-registrar -u agent-registrar-keeper"


def set_options(machine, options):
    machine.write(OPTIONS, f'REGISTRAR_OPTIONS="{options}"\n')


def use_directory(machine, options):
    """The directory /srv/ossec, by the drop-ins of the manual, and these further options."""
    manual.Example("agent-registrar.8", "-D /srv/ossec").write_drop_ins(machine)
    set_options(machine, f"-D /srv/ossec {options}")


def start(system, *options):
    """Make what is missing, for a Wazuh manager without a password, and start the units with these
    further options."""
    needed = "-n --dialect wazuh"
    set_options(system.machine, " ".join([needed, *options]))
    done = system.run(f"agent-registrar {needed} init && systemctl start agent-registrar")
    assert done.exit_status == 0, done.stdout + journal(system)


def journal(system):
    """The messages of both units, and of systemd about them."""
    return system.run(JOURNAL).stdout


def states(system, *units):
    return [system.show(unit)["ActiveState"] for unit in units or (FRONT, KEEPER, SOCKET)]


def process(system, unit):
    """The main process of the unit, by its number in the machine."""
    return int(system.show(unit)["MainPID"])
