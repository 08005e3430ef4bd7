# SPDX-License-Identifier: ISC
"""All that the boot tests share, others do too."""

pytest_plugins = ["boot_fixtures"]
