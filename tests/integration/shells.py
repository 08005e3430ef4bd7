# SPDX-License-Identifier: ISC
"""What bash, zsh and fish offer behind the beginning of a line, with the completion scripts that
the programs print.

    shells.offers("zsh", scripts, ["agent-register st", ...], directory)    a set of words for each
"""
import os
import pty
import select
import signal
import subprocess

NAMES = ("bash", "zsh", "fish")

# Reads a line each, sets COMP_WORDS as readline does, and prints what could follow.
BASH = r"""
eval "$1"
while IFS= read -r line; do
    read -ra COMP_WORDS <<<"${line//=/ = }"
    [[ $line != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    definition=$(complete -p "${COMP_WORDS[0]}")
    function=${definition#*-F }
    "${function%% *}"
    printf '%s\n' "${COMPREPLY[@]}" --
done
"""

FISH = r"""
echo $argv[1] | source
while read -l line
    complete -C "$line" | string replace -r '\t.*' ''
    printf '%s\n' --
end
"""

# An interactive shell, in whose line Control-T writes down what would be offered.
ZSH = r"""
PS1= RPS1=
autoload -Uz compinit && compinit -u -D
eval "$SCRIPTS"
write-down() {
    compadd() {
        local -a all
        builtin compadd -O all "$@"
        (( $#all )) && print -rl -- $all >>$ANSWERS
        builtin compadd "$@"
    }
    _main_complete
    unfunction compadd
    compstate[insert]= compstate[list]=
    print -r -- -- >>$ANSWERS
}
zle -C write-down list-choices write-down
bindkey '^T' write-down
stty -echo
print -r -- -- >>$ANSWERS
"""


def offers(shell, scripts, lines, directory):
    """`scripts`: what the shell is to load. `directory`: where it runs, with the files there."""
    if shell == "zsh":
        answers = _ask_zsh(scripts, lines, directory)
    else:
        command = ["bash", "--norc", "-c", BASH, "bash", scripts] if shell == "bash" else \
            ["fish", "--no-config", "-c", FISH, scripts]
        done = subprocess.run(command, input="".join(f"{line}\n" for line in lines), text=True,
                              cwd=directory, capture_output=True, check=True)
        assert not done.stderr, done.stderr
        answers = done.stdout
    found = [set(answer.split()) for answer in answers.split("--\n")[:-1]]
    assert len(found) == len(lines)
    return found


def _ask_zsh(scripts, lines, directory):
    home = directory / ".zsh"
    home.mkdir()
    (home / ".zshrc").write_text(ZSH)
    answers = home / "answers"
    os.mkfifo(answers)
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "ZDOTDIR": str(home),
                   "SCRIPTS": scripts, "ANSWERS": str(answers), "LANG": "C.UTF-8"}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(directory)
        os.execve("/usr/bin/env", ["env", "zsh", "-i"], environment)
    reader = os.open(answers, os.O_RDWR)
    try:
        conversation = _Conversation(terminal, reader)
        conversation.answer()  # that it is ready
        return "".join(conversation.ask(f"{line}\x14") for line in lines)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
        os.close(reader)


class _Conversation:
    """With a shell at a terminal that writes its answers elsewhere."""

    def __init__(self, terminal, reader):
        self.terminal, self.reader = terminal, reader

    def ask(self, line):
        os.write(self.terminal, line.encode())
        answer = self.answer()
        os.write(self.terminal, b"\x15")  # Control-U: an empty line again
        return answer

    def answer(self):
        text = b""
        while not text.endswith(b"--\n"):
            ready, _, _ = select.select([self.terminal, self.reader], [], [], 120)
            assert ready, f"zsh does not answer: {text}"
            if self.terminal in ready:
                os.read(self.terminal, 65536)  # what it shows does not matter
            if self.reader in ready:
                text += os.read(self.reader, 65536)
        return text.decode()
