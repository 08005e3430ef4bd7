# SPDX-License-Identifier: ISC
"""What the tests of the guides share: the machines and managers of the boot tests, with the same
settings (see boot_fixtures.py)."""

pytest_plugins = ["boot_fixtures"]
