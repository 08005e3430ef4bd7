# SPDX-License-Identifier: ISC
"""Options and commands: the programs, their completion and their manual pages have the same."""
import re

from documents import mdoc, programs

# Options of other programs that the pages name.
OF_OTHERS = {
    "--force-enroll": "of Wazuh's agent",
}
# The sections of the manual pages whose lists have a command in each item.
COMMAND_SECTIONS = ("DESCRIPTION", "ADMINISTRATION", "ENROLLMENT TOKENS")
# Of these, those that explain options of single commands with the command.
SINGLE_COMMANDS = ("ADMINISTRATION", "ENROLLMENT TOKENS")


def check(tree):
    for program, page in programs.PAGES.items():
        if tree.built(program):
            yield from _check_options(tree, program, page)
            yield from _check_commands(tree, program, page)
    for name, (program, page) in programs.OTHER_NAMES.items():
        if tree.built(program):
            yield from _check_other_name(tree, name, program, page)
    if tree.built("agent-register"):
        yield from _check_agent_auth_words(tree)


# ------------------------------------------------------------------ options

def _check_options(tree, program, name):
    page = tree.page(name)
    options = programs.help_options(tree.output(program, "--help"))
    yield from _check_completion(tree, program, options)
    known = {spelling for option in options for spelling in option.spellings}
    explained = {spelling for item in page.items for spelling in item.options()} | \
        {spelling for item in page.headed("Cm") if item.section in SINGLE_COMMANDS
         for spelling in mdoc.spellings(item.lines)}
    summary = set(mdoc.spellings(page.sections["SYNOPSIS"]))
    for option in options:
        for spelling in option.spellings:
            if spelling not in explained:
                yield f"{name} does not explain {spelling} of {program}"
        if not summary & set(option.spellings):
            yield f"{name} does not have {option} in its synopsis"
    for spelling in sorted(explained | summary | _long_names(page)):
        if spelling not in known and spelling not in OF_OTHERS:
            yield f"{name} names {spelling}, which {program} does not have"
    yield from _check_items(page, name, program, options)
    for option in programs.completed_options(tree, program):
        yield from _check_choices(page, name, option)


def _long_names(page):
    return {each for each in mdoc.spellings(page.lines) if each.startswith("--")}


def _items(page, option):
    """The items that are about an option: those of its name, where it has one."""
    return [item for item in page.headed("Fl") if str(option) in item.options()]


def _check_items(page, name, program, options):
    """Letters belong to the same names, and defaults are the same."""
    pairs = {tuple(option.spellings) for option in options}
    for item in page.headed("Fl"):
        spelled = item.options()
        if len(spelled) == 2 and len(spelled[0]) == 2 and tuple(spelled) not in pairs:
            yield f"{name} has {spelled[0]} for {spelled[1]}, and {program} has not"
        for option in options:
            if option.argument and set(option.spellings) == set(spelled):
                yield from (f"{name} and {program} --help: {each} as a default of {option} is in "
                            "one of them only" for each in _other_defaults(option, item.text))


def _values(text):
    """What can be compared of a default: numbers, times, versions and paths."""
    text = re.sub(r"/\S*(?=/(?:var|etc|run)\b)", "", text)  # what configure put in front
    return {value.rstrip(".") for value in
            re.findall(r"(?<![\w/-])v?\d[\w.]*|/[\w.-]+(?:/[\w.-]+)*", text)}


def _other_defaults(option, said):
    """The help has defaults in parentheses at its end, a manual page a sentence about them."""
    shown = _values((re.findall(r"\((.*)\)$", option.help) or [""])[0])
    sentences = re.findall(r"(?:[Dd]efault|Without this option)\b.*?(?:\. [A-Z]|$)", said)
    return sorted(shown - _values(said) | _values(" ".join(sentences)) - _values(option.help))


def _check_choices(page, name, option):
    texts = [item.text for item in _items(page, option) or page.headed("Cm")]
    texts += [item.head[0] for item in page.headed("Cm")]
    for choice in option.choices:
        if not any(re.search(rf"\b{re.escape(choice)}\b", text) for text in texts):
            yield f"{name} does not explain {choice} of {option}"


def _check_completion(tree, program, options):
    """Each shell completes the options of the help, and no others."""
    shown = sorted(tuple(option.spellings) for option in options)
    completed = sorted(tuple(option.spellings)
                       for option in programs.completed_options(tree, program))
    if shown != completed:
        differing = sorted(set(shown) ^ set(completed))
        yield f"{program} --help and its completion for fish differ in {differing}"
    for shell in ("bash", "zsh"):
        words = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*",
                               tree.output(program, "completion", shell)))
        for spelling in sorted({str(option) for option in options} - words):
            yield f"the completion of {program} for {shell} does not have {spelling}"


# ------------------------------------------------------------------ commands

def _check_commands(tree, program, name):
    page = tree.page(name)
    commands = programs.help_commands(tree.output(program, "--help"))
    actions = programs.completed_actions(tree, program)
    heads = [" ".join(mdoc.plain(line) for line in item.head) for item in page.headed("Cm")
             if item.section in COMMAND_SECTIONS]
    explained = {word for head in heads for word in
                 re.match(r" ?([a-z-]+(?:, [a-z-]+)*)", head)[1].split(", ")}
    for command in sorted(set(commands) ^ explained):
        yield (f"{name} does not explain the command {command}" if command in commands else
               f"{name} explains {command}, which is no command of {program}")
    for command, words in actions.items():
        for word in words:
            if not any(re.match(rf" ?{command}\b.* {re.escape(word)}\b", head) for head in heads):
                yield f"{name} does not explain {command} {word}"
    for shell in programs.COMPLETION_SHELLS:
        completion = tree.output(program, "completion", shell)
        for command in commands:
            if not re.search(rf"[ '(]{command}[ ')]", completion):
                yield f"the completion of {program} for {shell} does not have {command}"


# ------------------------------------------------------------------ under other names

def _check_other_name(tree, name, program, page_name):
    """Every option of -h is in the manual page, and, of a page about one program, the reverse."""
    page = tree.page(page_name)
    shown = {spelling for option in programs.help_options(tree.output(program, "-h", called=name))
             for spelling in option.spellings}
    explained = {spelling for item in page.headed("Fl") for spelling in item.options()}
    for spelling in sorted(shown - explained):
        yield f"{page_name} does not explain {spelling} of {name}"
    if name == page.name:
        for spelling in sorted(explained - shown):
            yield f"{page_name} explains {spelling}, which {name} -h does not list"


def _check_agent_auth_words(tree):
    """Every phrase for which agent-auth has its own words is one that a message is composed of: the
    name of a setting, or a literal of that text. Every setting that is one of its options has such
    words."""
    output = tree.read("src/client/commands/agent-auth-output.c")
    table = re.search(r"setting_words words\[\].*?\n};", output, re.DOTALL)[0]
    phrases = re.findall(r'^\t\{ "([^"]+)",', table, re.MULTILINE)
    rows = tree.read("src/client/config/config.c")
    sentences = "".join(re.sub(r'"[ \n\t]*"', "", text) for path, text in
                        tree.code("common", "client") if not path.name.startswith("agent-auth"))
    for phrase in phrases:
        setting = re.fullmatch(r"([a-z_]+) in \[([a-z]+)\]", phrase)
        words = phrase.replace("%H", "%s")
        if f"ROW({setting[2]}, {setting[1]}," not in rows if setting else \
                f'"{words}"' not in sentences:
            yield f"agent-auth-output.c has words for '{phrase}', of which no message is composed"
    options = re.sub(r"\n[ \t]*", " ", tree.read("src/client/commands/agent-auth.c"))
    for section, key in re.findall(r"SETTING\('.', \"[A-Z]+\", [a-z_]+, \"([a-z]+)\", "
                                   r"\"([a-z_]+)\"", options):
        if f"{key} in [{section}]" not in phrases:
            yield f"agent-auth-output.c has no words for {key} in [{section}]"
