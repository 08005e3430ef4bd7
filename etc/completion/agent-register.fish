# SPDX-License-Identifier: ISC
# fish completion for agent-register(8): the program prints it itself.
agent-register completion fish 2>/dev/null | source
