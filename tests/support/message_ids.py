# SPDX-License-Identifier: ISC
"""The MESSAGE_IDs, from the program's own header: message_ids.REGISTERED, ..."""
import pathlib
import re

_HEADER = pathlib.Path(__file__).resolve().parents[2] / "src/client/system/message-ids.h"
globals().update(
    re.findall(r'#define MESSAGE_(\w+) "(\w{32})"', _HEADER.read_text(encoding="ascii"))
)
