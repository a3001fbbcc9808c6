"""The words of the filter language, with their positions.

Source: ZetaSQL's lexical structure, of which ML Metadata's filters are made: identifiers and backquotes, quoted text
with backslash escapes, triple quotes and raw text, integers and decimals, and the comments ``#``, ``--``, ``/* */``.
Beyond it, a doubled quote stands for one quote, as in SQL.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from clew.metadata.errors import InvalidFilter

MAX_CHARS = 64 * 1024
MAX_PARENTHESES = 200
_KEYWORDS = frozenset({
    "AND", "AS", "BETWEEN", "CASE", "CAST", "ELSE", "END", "ESCAPE", "FALSE", "IN", "IS", "LIKE", "NOT", "NULL", "OR",
    "THEN", "TRUE", "WHEN",
})  # fmt: skip
_QUERY_WORDS = frozenset({"SELECT", "EXISTS", "FROM", "WHERE", "WITH", "UNION", "JOIN"})
_NAME = r"(?: [^\W\d]\w* | `(?:[^`\\]|\\.)+` )"
_TOKEN = re.compile(
    rf"""
    (?P<skip>    (?: \s | \#[^\n]* | --[^\n]* | /\*.*?\*/ )+ )
  | (?P<STRING>  [rR]? (?: '''(?:[^\\]|\\.)*?''' | \"\"\"(?:[^\\]|\\.)*?\"\"\"
                         | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" ) )
  | (?P<DECIMAL> (?: [0-9]+\.[0-9]* | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ )
  | (?P<INTEGER> 0[xX][0-9a-fA-F]+ | [0-9]+ )
  | (?P<PATH>    {_NAME} (?: \.\w+ | \s*\.\s*{_NAME} )* )
  | (?P<COMPARE> <= | >= | <> | != | = | < | > )
  | (?P<CONCAT>  \|\| )
  | (?P<SIGN>    [+-] )
  | (?P<open>    /\* | ['"`] )
  | (?P<FACTOR>  [*/] )
  | (?P<LPAR>    \( )
  | (?P<RPAR>    \) )
  | (?P<COMMA>   , )
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r"`((?:[^`\\]|\\.)+)`|(\w+)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {c: c for c in "\\?\"'`"}
_ODD = {
    ";": ("a filter is one expression, without ';'", "Remove the semicolon"),
    "@": ("filters take no parameters", "Write the value itself"),
    "?": ("filters take no parameters", "Write the value itself"),
    ":": ("filters take no parameters", "Write the value itself"),
    "$": ("filters take no parameters", "Write the value itself"),
    "==": ("'==' is not an operator", "Write = for equality"),
}


class Token(NamedTuple):
    """One word: what it is, how it is written, and where."""

    type: str
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """The words of ``text``, ``$END`` the last.

    Errors: InvalidFilter for what is no word, text not closed, parentheses nested more than 200 deep, over 64 KiB.
    """
    if len(text) > MAX_CHARS:
        fail(f"the filter is {len(text)} characters long, more than {MAX_CHARS}", MAX_CHARS, remedy="Split it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        fail("the filter holds what is not Unicode", error.start, remedy="Remove the lone surrogate")
    at = depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup == "open":
            _refuse(text, at)
        kind, word = str(match.lastgroup), match[0]
        depth += (kind == "LPAR") - (kind == "RPAR")
        if depth > MAX_PARENTHESES:
            fail(f"parentheses are nested more than {MAX_PARENTHESES} deep", at, remedy="Simplify the filter")
        if kind != "skip":
            yield Token(_keyword(word, at) if kind == "PATH" else kind, word, at)
        at = match.end()
    yield Token("$END", "", at)


def text_of(token: Token) -> str:
    """The text a quoted token stands for."""
    word, raw = token.text, token.text[0] in "rR"
    word = word[1:] if raw else word
    triple = len(word) >= 6 and word[:3] in ("'''", '"""')
    body = word[3:-3] if triple else word[1:-1]
    if not triple:
        body = body.replace(word[0] * 2, word[0])
    value = body if raw else _unescape(body, token.at)
    if "\0" in value:
        fail("a text in a filter cannot hold NUL", token.at, token.text, remedy="Leave the NUL out")
    return value


def parts_of(token: Token) -> tuple[str, ...]:
    """The names in a dotted path."""
    names = tuple(_unescape(quoted, token.at) if quoted else plain for quoted, plain in _PART.findall(token.text))
    if any("\0" in name for name in names):
        fail("a name in a filter cannot hold NUL", token.at, token.text, remedy="No property has such a name")
    return names


def integer_of(token: Token) -> int:
    """The value of an integer, decimal or hexadecimal; the caller checks its range, for the sign comes later."""
    digits = token.text.lstrip("0") or "0"
    if len(digits) > 20:
        fail(f"{token.text[:30]}... does not fit 64 bits", token.at, token.text, remedy="Write it as a decimal")
    return int(token.text, 16 if token.text[:2] in ("0x", "0X") else 10)


def decimal_of(token: Token) -> float:
    """The value of a decimal number."""
    value = float(token.text)
    if math.isinf(value):
        fail(f"{token.text[:30]} is too large", token.at, token.text, remedy="Write CAST('inf' AS DOUBLE) for infinity")
    return value


def fail(message: str, at: int, value: str = "", *, remedy: str = "") -> NoReturn:
    """Raise InvalidFilter at a position."""
    raise InvalidFilter(f"{message} (at character {at})", value=value, remedy=remedy, position=at)


def _keyword(word: str, at: int) -> str:
    upper = word.upper()
    if upper in _QUERY_WORDS:
        fail(f"found {word}: a filter holds no query", at, word, remedy="Write one boolean expression over fields")
    return upper if upper in _KEYWORDS else "PATH"


def _refuse(text: str, at: int) -> NoReturn:
    char = text[at]
    if char in "'\"`":
        fail(f"the text that starts with {char} is not closed", at, text[at : at + 20], remedy=f"Close it with {char}")
    if text.startswith("/*", at):
        fail("the comment is not closed", at, "/*", remedy="Close it with */")
    message, remedy = _ODD.get(char, (f"found {char!r}, which starts no word", "Put text into quotes"))
    fail(message, at, char, remedy=remedy)


def _unescape(body: str, at: int) -> str:
    def replace(match: re.Match[str]) -> str:
        octal, byte, short, long, simple = match.groups()
        if simple is not None:
            if simple not in _SIMPLE and simple != "\n":
                fail(f"\\{simple} is no escape", at, match[0], remedy="Write \\\\ for a backslash")
            return _SIMPLE.get(simple, "")
        code = int(octal, 8) if octal else int(byte or short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            fail(f"{match[0]} is no character", at, match[0], remedy="Use a Unicode scalar value")
        return chr(code)

    return _ESCAPE.sub(replace, body) if "\\" in body else body
