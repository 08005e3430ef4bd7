# SPDX-License-Identifier: ISC
"""As much of mdoc(7) as the manual pages use: sections, the items of lists, and plain text."""
import re

# Macros that are not text themselves; the arguments are. "Fl" is the dash of an option.
_MACROS = frozenset("""Ad Aq Ar Bq Brq Bo Bc Cm Dc Dl Do Dq Dv Em Er Ev Fa Fn Fx Ic In It Li Lk Mt
    Nd Nm No Oc Oo Op Pa Pc Po Pp Pq Qc Ql Qo Qq Sc Sh So Sq Ss Sx Sy Ta Va Xc Xo Xr""".split())
_WORD = re.compile(r'"([^"]*)"|(\S+)')


def _unescaped(word):
    word = re.sub(r"\\\(dq", '"', word)
    word = word.replace(r"\e", "\\").replace(r"\-", "-").replace(r"\&", "").replace(r"\ ", " ")
    return re.sub(r"\\[:%]", "", word)


def words(line):
    """The words of a line, as macro or text."""
    return [quoted if quoted else _unescaped(bare) for quoted, bare in _WORD.findall(line)]


def plain(line, name=""):
    """The text of a line."""
    if not line.startswith("."):
        return _unescaped(line)
    text, glue, dash = "", True, False
    for word in words(line[1:]):
        if word in ("Ns", "Sm"):
            glue = True
        elif word == "Fl":
            dash = True
        elif word == "Nm" and line.rstrip().endswith("Nm"):
            text += ("" if glue else " ") + name
        elif word not in _MACROS:
            closing = len(word) == 1 and word in ".,:;)]?!"
            text += "" if glue or closing else " "
            text += "-" + word if dash and not closing else word
            glue = word in ("(", "[")
            dash = False
    return text


class Item:
    """An item of a list: `head`, its lines; `lines`, those of its body."""

    def __init__(self, section, head):
        self.section, self.head, self.lines = section, [head], []

    def options(self):
        """The options that the head is about: "-m", "--manager"."""
        return spellings(self.head)

    @property
    def text(self):
        return " ".join(plain(line) for line in self.head + self.lines)


def spellings(lines):
    """The options in lines of mdoc; letters may stand together, as in "Fl dhV"."""
    found = []
    for line in lines:
        in_options = False
        for word in words(line) if line.startswith(".") else []:
            if word.lstrip(".") in _MACROS or word == "Ns":
                in_options = False
            elif word.lstrip(".") == "Fl":
                in_options = True
            elif in_options and re.fullmatch(r"-[a-z-]+", word):
                found.append("-" + word)
            elif in_options and word.isalpha():
                found += ["-" + letter for letter in word]
    return found


class Page:
    def __init__(self, source):
        self.lines = [line for line in source.splitlines() if not line.startswith('.\\"')]
        self.name = re.search(r"(?m)^\.Nm (\S+)", source)[1]
        self.text = "\n".join(plain(line, self.name) for line in self.lines)
        self.sections, self.items = {}, []
        self._read()

    def _read(self):
        open_items, section, in_head = [], "", False
        for line in self.lines:
            heading = re.match(r"\.S[hs] (.*)", line)
            if heading:
                section = heading[1]
                self.sections[section] = []
                continue
            self.sections.setdefault(section, []).append(line)
            if line.startswith(".Bl"):
                open_items.append(None)
            elif line.startswith(".El"):
                open_items.pop()
            elif line.startswith(".It"):
                open_items[-1] = Item(section, line)
                self.items.append(open_items[-1])
                in_head = line.startswith(".It Xo")
                continue
            for item in filter(None, open_items):
                (item.head if in_head and item is open_items[-1] else item.lines).append(line)
            in_head = in_head and not line.startswith(".Xc")
        self._share_bodies()

    def _share_bodies(self):
        """Items without a body are about the same as the next one."""
        for item, following in reversed(list(zip(self.items, self.items[1:]))):
            if not item.lines:
                item.lines = following.lines

    def headed(self, macro, section=None):
        """The items whose head begins with the macro."""
        return [item for item in self.items
                if re.match(rf"\.It (Xo\n)?{macro}\b", "\n".join(item.head).replace("\n.", "\n"))
                and section in (None, item.section)]
