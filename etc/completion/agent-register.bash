# SPDX-License-Identifier: ISC
# bash completion for agent-register(8) and agent-auth(8): the program prints it itself.
eval "$(agent-register completion bash 2>/dev/null)"
