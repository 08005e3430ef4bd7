#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the seed corpora in tests/fuzz/corpus: few seeds, one of a kind. Most are made by hand, some
from the recorded exchanges in tests/data. What else is in the corpora, tests/fuzz/run has found."""
import pathlib
import sys

sys.dont_write_bytecode = True

from seeds import (  # noqa: E402
    api,
    certificates,
    client,
    common,
    https,
    methods,
    registrar,
    registry,
)

CORPUS = pathlib.Path(__file__).parent / "corpus"


def write(target, seeds):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)
    print(f"{target}: {len(seeds)}")


def main():
    for group in (certificates, common, client, methods, registrar, registry, api, https):
        for target, make in group.SEEDS.items():
            write(target, make())


if __name__ == "__main__":
    main()
