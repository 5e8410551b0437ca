"""Read a small, unsurprising part of YAML: plain values, no anchors, no tags, no dates or 'yes' turned into something.

Every value keeps the line it stands on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.resolver import BaseResolver

from dure.core.errors import Mistake
from dure.core.text import Text
from dure.programme import provenance

DEEPEST = 40
Path = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class LineMistake(Mistake):
    """A mistake in a file: the line it stands on (from 1) and the key (a dotted path)."""

    line: int = 1
    key: str = ""


@dataclass
class Document:
    """A file as plain values (dict, list, str, int, bool, None), the line of each path, and what was refused."""

    root: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[LineMistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the value at `path`, or of the closest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, path: Path, what: Text, remedy: Text) -> LineMistake:
        """A mistake at `path`."""
        return at(self.line(path), provenance.written(self.root, path), what, remedy)

    def refuse(self, path: Path, line: int, what: Text, remedy: Text) -> None:
        """Note a mistake met while reading."""
        self.mistakes.append(at(line, dotted(path), what, remedy))


def at(line: int, key: str, what: Text, remedy: Text) -> LineMistake:
    """A mistake at a line and key."""
    return LineMistake(f"line {line}, {key}" if key else f"line {line}", what, remedy, line, key)


def dotted(path: Path) -> str:
    """A path as people write it."""
    return ".".join(str(step) for step in path)


def read(text: str) -> Document:
    """The document in `text`; with mistakes in its syntax, a document that holds only them."""
    document = Document()
    try:
        node = _compose(text, document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        document.refuse((), line, _syntax(str(error.problem or error.context or "")), _SYNTAX_REMEDY)
        return document
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        what = Text("파일에 쓸 수 없는 글자가 있습니다.", "There is a character that may not stand in the file.")
        document.refuse((), line, what, Text("그 글자를 지우십시오.", "Delete that character."))
        return document
    except (ValueError, OverflowError) as error:  # an escape such as "\UFFFFFFFF" names no character
        document.refuse((), 1, _syntax(str(error)), _SYNTAX_REMEDY)
        return document
    if document.mistakes:
        return document
    if node is None:
        document.refuse((), 1, Text("파일이 비어 있습니다.", "The file is empty."), _START_REMEDY)
        return document
    document.lines[()] = node.start_mark.line + 1
    document.root = _value(node, (), document)
    return document


def _compose(text: str, document: Document) -> yaml.Node | None:
    """The node tree, after a look at the flat event stream for what this reader refuses."""
    depth = documents = 0
    events = []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        events.append(event)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.events.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.events.NodeEvent) and event.anchor:
            what = Text("앵커(&, *)는 쓸 수 없습니다.", "Anchors and aliases (&, *) may not be used.")
            document.refuse((), line, what, Text("값을 그대로 적으십시오.", "Write the value out."))
        if getattr(event, "tag", None):
            what = Text("태그(!)는 쓸 수 없습니다.", "Tags (!) may not be used.")
            document.refuse((), line, what, Text("태그를 지우십시오.", "Delete the tag."))
        if depth > DEEPEST or documents > 1:
            what = Text(
                "문서가 둘 이상이거나 지나치게 깊습니다.", "There is more than one document, or one nested too deeply."
            )
            document.refuse((), line, what, _START_REMEDY)
            return None
    return None if document.mistakes else _Replay(events).get_single_node()


class _Replay(Composer, BaseResolver):
    """Composes the node tree from events already parsed, so that the text is scanned once."""

    def __init__(self, events: list[yaml.Event]) -> None:
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._events = events
        self._place = 0

    def peek_event(self) -> yaml.Event:
        """The next event, left in place."""
        return self._events[self._place]

    def check_event(self, *kinds: type[yaml.Event]) -> bool:
        """Whether the next event is one of `kinds`."""
        return isinstance(self.peek_event(), kinds)

    def get_event(self) -> yaml.Event:
        """The next event, taken."""
        self._place += 1
        return self._events[self._place - 1]


def _value(node: yaml.Node, path: Path, document: Document) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            document.lines[(*path, index)] = item.start_mark.line + 1
            items.append(_value(item, (*path, index), document))
        return items
    return _scalar(node, path, document)


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            what = Text("키는 한 단어여야 합니다.", "A key must be a single word.")
            document.refuse(path, line, what, Text("키를 단어로 바꾸십시오.", "Replace the key by a word."))
            continue
        key = str(key_node.value)
        if key in found:
            what = Text(f"'{key}' 키가 두 번 나옵니다.", f"The key '{key}' stands twice.")
            document.refuse((*path, key), line, what, Text("하나만 남기십시오.", "Keep one of them."))
            continue
        document.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), document)
    return found


def _scalar(node: yaml.Node, path: Path, document: Document) -> Any:
    text = str(node.value)
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        what = Text("깨진 글자가 있습니다.", "There is a broken character.")
        document.refuse(path, node.start_mark.line + 1, what, Text("그 글자를 지우십시오.", "Delete that character."))
        return ""
    if getattr(node, "style", None) is not None:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    return text  # 1.5 too: no value of a programme is a fraction


_SYNTAX_REMEDY = Text(
    "그 줄의 들여쓰기, 콜론 뒤의 빈칸, 따옴표와 괄호의 짝을 확인해 주십시오.",
    "Check that line's indentation, the blank after each colon, and that quotes and brackets are closed.",
)
_START_REMEDY = Text(
    "함께 제공되는 korea-gpu-2025.yaml을 본보기로 삼아 주십시오.", "Take the packaged korea-gpu-2025.yaml as a model."
)


def _syntax(problem: str) -> Text:
    return Text(f"YAML 문법이 맞지 않습니다({problem}).", f"This is not YAML: {problem}.")
