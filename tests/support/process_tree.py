# SPDX-License-Identifier: ISC
"""A process, and those below it."""
import os


def processes(pid):
    """The process, and all that it has started."""
    found = [pid]
    for each in found:
        for task in os.listdir(f"/proc/{each}/task"):
            with open(f"/proc/{each}/task/{task}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    return found
