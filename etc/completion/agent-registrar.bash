# SPDX-License-Identifier: ISC
# bash completion for agent-registrar(8): the program prints it itself.
eval "$(agent-registrar completion bash 2>/dev/null)"
