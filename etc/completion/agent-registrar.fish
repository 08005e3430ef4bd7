# SPDX-License-Identifier: ISC
# fish completion for agent-registrar(8): the program prints it itself.
agent-registrar completion fish 2>/dev/null | source
