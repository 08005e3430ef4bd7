#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""without_confinement.py COMMAND...: run COMMAND where Landlock and seccomp cannot be had, because
a filter of system calls forbids them, as in some containers. x86_64 and arm64."""
import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
LANDLOCK = 444, 445, 446
SECCOMP = {"x86_64": 317, "aarch64": 277}


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def forbid(numbers):
    code = instruction(LOAD, 0)
    for number in numbers:
        code += instruction(JUMP_IF_EQUAL, number, 0, 1)
        code += instruction(RETURN, SECCOMP_RET_ERRNO | errno.EPERM)
    code += instruction(RETURN, SECCOMP_RET_ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(code) // 8, code)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
            or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)) < 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid([*LANDLOCK, SECCOMP[os.uname().machine]])
    os.execv(sys.argv[1], sys.argv[1:])
