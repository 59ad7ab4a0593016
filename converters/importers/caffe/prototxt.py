"""Protobuf's text form → nested tables, every key's values a list.

    name: "conv1"  convolution_param { num_output: 96 kernel_size: 7 }

becomes {"name": ["conv1"], "convolution_param": [{"num_output": [96], "kernel_size": [7]}]}.
No schema is asked for, so that what a fork of Caffe added is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from converters.errors import ConvertError

Table: TypeAlias = dict[str, list[Any]]

TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*|[,;])
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[A-Za-z_][\w./]*)
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?f?)
      | (?P<mark>[{}<>:\[\]])""",
    re.VERBOSE,
)
CLOSING = {"{": "}", "<": ">"}
WORDS = {"true": True, "false": False}
DEEPEST = 50


def parse(content: bytes, origin: str) -> Table:
    """A .prototxt file's content; ConvertError with the line where it can't be read."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConvertError(f"{origin} is no text file of protobuf (.prototxt)") from error
    reader = _Reader(list(_tokens(text, origin)), origin)
    return reader.table("", 0)


def _tokens(text: str, origin: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        line = text.count("\n", 0, at) + 1
        if match is None:
            raise ConvertError(
                f"{origin}, line {line}: {text[at : at + 12]!r} is not protobuf text"
            )
        at = match.end()
        if match.lastgroup != "skip":
            yield str(match.lastgroup), match.group(), line


class _Reader:
    def __init__(self, tokens: list[tuple[str, str, int]], origin: str) -> None:
        self._tokens = tokens
        self._origin = origin
        self._at = 0

    def table(self, closing: str, depth: int) -> Table:
        """The keys up to `closing` (or the end of the file)."""
        found: Table = {}
        while self._at < len(self._tokens):
            kind, word, _ = self._take()
            if word == closing and kind == "mark":
                return found
            if kind != "word":
                self._fail(f"a key was expected, not {word!r}")
            found.setdefault(word, []).extend(self._values(depth))
        if closing:
            self._fail(f"the file ends before a {closing!r}")
        return found

    def _values(self, depth: int) -> list[Any]:
        kind, word, _ = self._take()
        if word == ":":
            kind, word, _ = self._take()
        if depth > DEEPEST:
            self._fail("it is nested too deeply")
        if kind == "mark" and word in CLOSING:
            return [self.table(CLOSING[word], depth + 1)]
        if kind == "mark" and word == "[":
            return self._list()
        return [self._scalar(kind, word)]

    def _list(self) -> list[Any]:
        found = []
        while True:
            kind, word, _ = self._take()
            if word == "]":
                return found
            found.append(self._scalar(kind, word))

    def _scalar(self, kind: str, word: str) -> Any:
        if kind == "text":
            return word[1:-1]
        if kind == "word":
            return WORDS.get(word, word)
        if kind == "mark":
            self._fail(f"a value was expected, not {word!r}")
        number = float(word.rstrip("f"))
        return int(word) if re.fullmatch(r"[-+]?\d+", word) else number

    def _take(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            self._fail("the file ends in the middle of an entry")
        self._at += 1
        return self._tokens[self._at - 1]

    def _fail(self, what: str) -> None:
        line = self._tokens[min(self._at, len(self._tokens)) - 1][2] if self._tokens else 1
        raise ConvertError(f"{self._origin}, line {line}: {what}")
