"""What could stand at a place of a filter: fields, operators and values, for whoever is typing one.

It reads the words before the place with the language's own lexer and tables, so it offers nothing the parser refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from clew.metadata.errors import InvalidFilter
from clew.metadata.filter import functions, lexer
from clew.metadata.filter.fields import ACCESSORS, EVENT_FIELDS, LINKS, NAMES_OF, NODE_FIELDS, Type
from clew.metadata.filter.lexer import Token
from clew.metadata.filter.parser import expected
from clew.metadata.ids import Kind
from clew.metadata.states import PropertyType

MOST = 100
ALIAS: Final = {"events_": "0"}
"""What an alias is called where we choose: ``events_0``, and ``contexts_a`` otherwise."""

_WORD = re.compile(r"(?:[^\W\d]\w*|`[^`]*`)?(?:\.(?:\w*|`[^`]*`))*$")
_OPEN_WORD = re.compile(r"(?:[^\W\d]\w*|`[^`]*`?)?(?:\.(?:\w*|`[^`]*`?))*$")
_REST = re.compile(r"[\w.`]*")
_PLAIN = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"(?:#|--)[^\n]*$")
_ACCESSOR_OF = {
    PropertyType.INT: "int_value", PropertyType.DOUBLE: "double_value", PropertyType.STRING: "string_value",
    PropertyType.BOOLEAN: "bool_value",
}  # fmt: skip
_EQUALITY, _ORDER = ("=", "!="), ("<", "<=", ">", ">=")
_LISTS, _NULLS = ("IN (", "NOT IN ("), ("IS NULL", "IS NOT NULL")
_OPERATORS: Final[dict[Type, tuple[str, ...]]] = {
    Type.STRING: (*_EQUALITY, "LIKE", *_LISTS, "NOT LIKE", *_NULLS, *_ORDER, "BETWEEN"),
    Type.INT: (*_EQUALITY, *_ORDER, "BETWEEN", *_LISTS, *_NULLS),
    Type.DOUBLE: (*_EQUALITY, *_ORDER, "BETWEEN", *_NULLS),
    Type.BOOL: (*_EQUALITY, "IS TRUE", "IS FALSE", *_NULLS),
    **dict.fromkeys(NAMES_OF, (*_EQUALITY, *_LISTS, *_NULLS, *_ORDER)),
}
_MEANING: Final = {
    "=": "equal", "!=": "not equal", "<": "less than", "<=": "at most", ">": "greater than", ">=": "at least",
    "LIKE": "% is any text, _ one character", "NOT LIKE": "unlike a pattern", "IN (": "one of a list",
    "NOT IN (": "none of a list", "IS NULL": "not set", "IS NOT NULL": "set", "BETWEEN": "from ... AND to ...",
    "IS TRUE": "", "IS FALSE": "", "AND": "both must hold", "OR": "one must hold", "NOT": "must not hold",
    "(": "a group", ")": "end of the group or list", ",": "another", "NULL": "not set", "NOT NULL": "set", "TRUE": "",
    "FALSE": "", "ESCAPE": "a character that makes % and _ plain", "WHEN": "a case", "THEN": "", "ELSE": "", "END": "",
    "AS": "",
}  # fmt: skip
_NEXT: Final = {
    "AND": "AND", "OR": "OR", "RPAR": ")", "COMMA": ",", "ESCAPE": "ESCAPE", "WHEN": "WHEN", "THEN": "THEN",
    "ELSE": "ELSE", "END": "END", "AS": "AS",
}  # fmt: skip
_JOINS: Final = ("AND", "OR")
_OF_LISTS: Final = ("COMMA", "STRING", "PATH", "INTEGER", "DECIMAL", "SIGN")
_BLANK: Final = " \t\r\n"
_FIRST_OF: Final = {"IN (": "IN", "NOT IN (": "NOT", **dict.fromkeys((*_EQUALITY, *_ORDER), "COMPARE")}
_SYNONYMS: Final = {
    "create_time_since_epoch", "last_update_time_since_epoch", "start_time_since_epoch", "end_time_since_epoch",
    "last_known_state", "milliseconds_since_epoch",
}  # fmt: skip
"""ML Metadata's longer names, offered after Clew's."""
_OFTEN: Final = ("type", "name", "state", "namespace", "uri")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that could replace the characters from ``begin`` to ``end``."""

    text: str
    label: str
    detail: str
    kind: str
    """``field``, ``property``, ``neighbour``, ``operator``, ``keyword``, ``function`` or ``value``."""
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the record knows that a filter may name. Asked only for what is needed."""

    types: Callable[[Kind], Iterable[str]]
    """Names of the types of a kind."""
    declared: Callable[[Sequence[str]], Mapping[str, PropertyType]]
    """Properties that types of these names declare; of all types where none is named."""
    custom: Callable[[Sequence[str]], Mapping[str, PropertyType]]
    """Properties that nodes of these types bear of their own."""
    namespaces: Callable[[], Iterable[str]]


def complete(text: str, kind: Kind, cursor: int, vocabulary: Vocabulary) -> list[Suggestion]:
    """What could stand at ``cursor``, a number of characters: the likeliest first, at most 100.

    Inside a word, what could stand in its place. Where the text before is already wrong, nothing.
    """
    cursor = max(0, min(cursor, len(text)))
    try:
        words, begin, quoted = _before(text[:cursor])
    except InvalidFilter:
        return []
    if words is None:
        return []
    end = _end(text, begin, cursor, quoted)
    typed = text[begin:cursor]
    place = _Place(kind, words, vocabulary, text, typed)
    offered = place.values() if quoted else place.offers()
    return [replace(one, begin=begin, end=end) for one in _matching(offered, typed)][:MOST]


def _before(text: str) -> tuple[list[Token] | None, int, bool]:
    """The whole words of ``text``, where the word that is being typed begins, and whether that is a text in quotes."""
    words: list[Token] = []
    at, word = 0, _WORD
    try:
        for token in lexer.tokens(text):
            words.append(token)
            at = token.at + len(token.text)
        words.pop()  # the end
    except InvalidFilter as error:
        at = error.position
        if text[at : at + 1] in ("'", '"'):
            return words, at, True
        if text[at:] == "!":
            return words, at, False
        if text[at : at + 1] not in (".", "`"):
            raise
        word = _OPEN_WORD
    match = word.search(text)
    begin = match.start() if match is not None else len(text)
    if _COMMENT.search(text[at:]) is not None or (at < begin and text[at:begin].strip(_BLANK)):
        return None, len(text), False
    return [word for word in words if word.at < begin], begin, False


def _end(text: str, begin: int, cursor: int, quoted: bool) -> int:
    if not quoted:
        match = _REST.match(text, cursor) if cursor > begin else None
        return match.end() if match is not None else cursor
    try:
        whole = next((word for word in lexer.tokens(text) if word.at == begin), None)
    except InvalidFilter:
        return cursor
    return begin + len(whole.text) if whole is not None else cursor


class _Place:
    """A place in a filter, and the words before it."""

    def __init__(self, kind: Kind, words: list[Token], vocabulary: Vocabulary, text: str, typed: str) -> None:
        self.kind, self.words, self.vocabulary, self.text, self.typed = kind, words, vocabulary, text, typed
        self.expected = expected(words)

    def offers(self) -> Iterator[Suggestion]:
        """What may stand here."""
        last = self.words[-1].type if self.words else ""
        if "PATH" in self.expected:
            if (subject := self._compared()) is not None:
                yield from self._values_of(subject)
            else:
                yield from self._fields()
                yield from (_word(word) for word in ("NOT", "(") if self._may(word))
                yield from (Suggestion(f"{name}(", name, "function", "function") for name in functions.NAMES)
            return
        if last == "PATH" and self._is_subject(len(self.words) - 1):
            of = self._type_of(self.words[-1])
            yield from (_operator(word) for word in _OPERATORS.get(of, ()) if self._may(word))
            if of is not Type.BOOL:
                return
        if last == "IS":
            yield from (_word(word) for word in ("NULL", "NOT NULL", "TRUE", "FALSE"))
        elif last == "NOT":
            yield from (_operator(word) for word in ("IN (", "LIKE", "BETWEEN", "NULL") if self._may(word))
        elif last == "RPAR" and "COMPARE" in self.expected and not self._closes_a_condition():
            yield from (_operator(word) for word in _OPERATORS[Type.STRING] if self._may(word))
        in_list = self._list_begin() >= 0
        yield from (_word(word) for of, word in _NEXT.items() if of in self.expected and not (in_list and of in _JOINS))

    def values(self) -> Iterator[Suggestion]:
        """Texts in quotes that may stand here."""
        if "STRING" in self.expected and (subject := self._compared()) is not None:
            yield from self._texts_of(subject)

    # -- values ------------------------------------------------------------------------------------------------

    def _compared(self) -> Token | None:
        """The field with which what stands here is compared."""
        words, at = self.words, len(self.words) - 1
        if at >= 0 and words[at].type in ("COMPARE", "LIKE", "BETWEEN"):
            at -= 1
        elif at >= 0 and words[at].type in ("LPAR", "COMMA"):
            at = self._list_begin() - 1
        else:
            return None
        if at >= 0 and words[at].type == "NOT":
            at -= 1
        return words[at] if at >= 0 and words[at].type == "PATH" else None

    def _list_begin(self) -> int:
        """Where the IN of the list stands that is not closed yet; -1 for none."""
        at = len(self.words) - 1
        while at >= 0 and self.words[at].type in _OF_LISTS:
            at -= 1
        return at - 1 if at > 0 and self.words[at].type == "LPAR" and self.words[at - 1].type == "IN" else -1

    def _values_of(self, subject: Token) -> Iterator[Suggestion]:
        of = self._type_of(subject)
        if of in NAMES_OF:
            yield from (Suggestion(name, name, of.value, "value") for name in NAMES_OF[of].__members__)
        elif of is Type.BOOL:
            yield from (Suggestion(word, word, "", "value") for word in ("TRUE", "FALSE"))
        elif of is Type.STRING:
            found = list(self._texts_of(subject))
            yield from found
            if not found:
                pattern = self.words[-1].type == "LIKE"
                yield Suggestion("'%", "'%...%'", "a pattern", "value") if pattern else _QUOTED

    def _texts_of(self, subject: Token) -> Iterator[Suggestion]:
        *way, field = _lower(subject)
        kind = self._far(way[0]) if way else self.kind
        if kind is not None and len(way) < 2 and field == "type":
            yield from (_text(name, f"type of {kind.value}s") for name in sorted(self.vocabulary.types(kind)))
        elif kind is not None and len(way) < 2 and field == "namespace":
            yield from (_text(name, "namespace") for name in sorted(self.vocabulary.namespaces()))

    # -- fields ------------------------------------------------------------------------------------------------

    def _fields(self) -> Iterator[Suggestion]:
        yield from (_field(name, of) for name, (_, of) in _sorted(NODE_FIELDS[self.kind]))
        named = self._types_named()
        for map_, known in (
            ("properties", self.vocabulary.declared(named)), ("custom_properties", self.vocabulary.custom(named)),
        ):  # fmt: skip
            for name, held in known.items():
                if (accessor := _ACCESSOR_OF.get(held)) is not None and "\0" not in name:
                    text = f"{map_}.{_spelled(name)}.{accessor}"
                    yield Suggestion(text, text, f"{ACCESSORS[accessor].value} property {name}", "property")
        aliases = {root for word in self.words if word.type == "PATH" for root in _lower(word)[:-1]}
        root = self.typed.partition(".")[0].lower()
        for prefix, link in LINKS[self.kind].items():
            mine = {alias for alias in aliases if alias.startswith(prefix)} or {prefix + ALIAS.get(prefix, "a")}
            if root.startswith(prefix) and root != prefix:
                mine.add(root)
            fields = EVENT_FIELDS if link.kind is None else NODE_FIELDS[link.kind]
            for alias in sorted(mine):
                detail = "event" if link.kind is None else link.kind.value
                for name, (_, of) in _sorted(fields):
                    yield Suggestion(f"{alias}.{name}", f"{alias}.{name}", f"{of.value} of a {detail}", "neighbour")

    def _types_named(self) -> list[str]:
        """Types that the filter, before or behind the place, asks for: ``type = 'Model'``."""
        try:
            words = list(lexer.tokens(self.text))
        except InvalidFilter:
            words = self.words
        named = [
            lexer.text_of(value)
            for field, operator, value in zip(words, words[1:], words[2:], strict=False)
            if field.text.lower() == "type" and operator.text == "=" and value.type == "STRING"
        ]
        known = set(self.vocabulary.types(self.kind)) if named else set()
        return [name for name in named if name in known]

    def _type_of(self, path: Token) -> Type:
        parts = _lower(path)
        if parts[0] in ("properties", "custom_properties"):
            return ACCESSORS.get(parts[-1], Type.NULL)
        if len(parts) == 1:
            return NODE_FIELDS[self.kind].get(parts[0], ("", Type.NULL))[1]
        link = next((link for prefix, link in LINKS[self.kind].items() if parts[0].startswith(prefix)), None)
        if link is None:
            return Type.NULL
        fields = EVENT_FIELDS if link.kind is None else NODE_FIELDS[link.kind]
        return fields.get(parts[1], ("", Type.NULL))[1]

    def _far(self, alias: str) -> Kind | None:
        return next((link.kind for prefix, link in LINKS[self.kind].items() if alias.startswith(prefix)), None)

    # -- what the words before are -----------------------------------------------------------------------------

    def _may(self, word: str) -> bool:
        first = _FIRST_OF.get(word, "LPAR" if word == "(" else word.partition(" ")[0])
        return first in self.expected

    def _is_subject(self, at: int) -> bool:
        before = self.words[at - 1].type if at else ""
        if before == "LPAR":
            return at < 2 or self.words[at - 2].type not in ("IN", "PATH", "CAST")
        return before in ("", "AND", "OR", "NOT", "WHEN")

    def _closes_a_condition(self) -> bool:
        """Whether the last bracket closed a group or a list, after which no comparison goes on."""
        depth = 0
        for at in range(len(self.words) - 1, -1, -1):
            depth += (self.words[at].type == "RPAR") - (self.words[at].type == "LPAR")
            if depth == 0:
                return at == 0 or self.words[at - 1].type not in ("PATH", "CAST")
        return True


_QUOTED = Suggestion("'", "'...'", "a text in quotes", "value")


def _matching(offered: Iterable[Suggestion], typed: str) -> list[Suggestion]:
    """Those that what was typed may become: beginnings first, then what has a part that begins so, then the rest."""
    wanted = typed.lower().strip("'\"").replace("`", "")
    ranked = []
    for place, one in enumerate(dict.fromkeys(offered)):
        label = one.text.lower().strip("'\"").replace("`", "")
        parts = re.split(r"[._]+", label)
        if label.startswith(wanted):
            ranked.append((0, place, one))
        elif any(part.startswith(wanted) for part in parts):
            ranked.append((1, place, one))
        elif wanted in label:
            ranked.append((2, place, one))
    return [one for _, _, one in sorted(ranked, key=lambda ranking: ranking[:2])]


def _sorted(fields: Mapping[str, tuple[str, Type]]) -> list[tuple[str, tuple[str, Type]]]:
    def key(item: tuple[str, object]) -> tuple[int, int]:
        often = _OFTEN.index(item[0]) if item[0] in _OFTEN else len(_OFTEN)
        return (1, 0) if item[0] in _SYNONYMS else (0, often)

    return sorted(fields.items(), key=key)


def _lower(path: Token) -> list[str]:
    return [part.lower() for part in lexer.parts_of(path)]


def _field(name: str, of: Type) -> Suggestion:
    return Suggestion(name, name, of.value, "field")


def _word(word: str) -> Suggestion:
    return Suggestion(word, word, _MEANING[word], "keyword")


def _operator(word: str) -> Suggestion:
    return Suggestion(word, word.removesuffix(" (").removesuffix("("), _MEANING[word], "operator")


def _text(value: str, detail: str) -> Suggestion:
    escaped = "".join(_ESCAPES.get(char, char) for char in value)
    return Suggestion(f"'{escaped}'", value, detail, "value")


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _spelled(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
