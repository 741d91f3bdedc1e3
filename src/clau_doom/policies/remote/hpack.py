"""Subset of HPACK (RFC 7541) that can encode the headers of one request and decode a gRPC status.

Of the static table, only relevant entries of gRPC responses are supported. A dynamic table is not supported: the
settings give it size 0, so that a peer must not use it.
"""

from collections.abc import Iterator

__all__ = ["BadHeaders", "decode", "encode"]

_STATUS = ":status"
_STATIC = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
_STATIC_END = 61
# The Huffman code is canonical: the symbols of each length are in order, with consecutive codes. The table has the
# printable symbols only, because the decoded fields contain no others.
_LENGTHS = {
    5: "012aceiost",
    6: " %-./3456789=A_bdfghlmnpru",
    7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: "&*,;XZ",
    10: '!"()?',
    11: "'+|",
    12: "#>",
    13: "\x00$@[]~",
    14: "^}",
    15: "<`{",
    19: "\\",
}


class BadHeaders(ValueError):
    """An invalid header block."""


def encode(headers: dict[str, str]) -> bytes:
    """Return a header block. Every field is a literal, shorter than 127 bytes, that is not added to a table."""
    parts = [text.encode() for field in headers.items() for text in field]
    return b"".join(
        b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value
        for name, value in zip(parts[::2], parts[1::2], strict=True)
    )


def decode(block: bytes) -> dict[str, str]:
    """Return ``:status`` and the fields with literal names; the other fields are skipped.

    Raises:
        BadHeaders: The block is truncated, or refers to a table that does not exist.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(block):
        first = block[at]
        if first & 0x80:
            index, at = _integer(block, at, 7)
            if not 1 <= index <= _STATIC_END:
                raise BadHeaders(f"entry {index} of a missing table")
            if index in _STATIC:
                found[_STATUS] = _STATIC[index]
        elif first & 0xE0 == 0x20:
            _, at = _integer(block, at, 5)  # the dynamic table's size, which can only be 0
        else:
            index, at = _integer(block, at, 6 if first & 0x40 else 4)
            name, at = _string(block, at) if index == 0 else (_STATUS if index in _STATIC else "", at)
            if index > _STATIC_END:
                raise BadHeaders(f"entry {index} of a missing table")
            value, at = _string(block, at)
            if name:
                found[name] = value
    return found


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Return the integer that begins in the last `bits` bits of a byte, and the position after it."""
    most = (1 << bits) - 1
    value, at = _byte(block, at) & most, at + 1
    if value < most:
        return value, at
    for shift in range(0, 28, 7):
        byte, at = _byte(block, at), at + 1
        value += (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise BadHeaders("an unterminated integer")


def _byte(block: bytes, at: int) -> int:
    if at >= len(block):
        raise BadHeaders("a truncated header block")
    return block[at]


def _string(block: bytes, at: int) -> tuple[str, int]:
    packed = _byte(block, at) & 0x80
    length, at = _integer(block, at, 7)
    end = at + length
    if end > len(block):
        raise BadHeaders("a truncated header block")
    return "".join(_unpacked(block[at:end])) if packed else block[at:end].decode("latin-1"), end


def _codes() -> dict[tuple[int, int], str]:
    codes, code, before = {}, 0, 0
    for length, symbols in _LENGTHS.items():
        code <<= length - before
        before = length
        for symbol in symbols:
            codes[length, code] = symbol
            code += 1
    return codes


_CODES = _codes()
_LONGEST = max(_LENGTHS)


def _unpacked(data: bytes) -> Iterator[str]:
    code = length = 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            if symbol := _CODES.get((length, code)):
                yield symbol
                code = length = 0
            elif length > _LONGEST:
                yield "?"  # the remaining symbols cannot be decoded
                return
