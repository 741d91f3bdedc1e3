"""Tests of header blocks of gRPC servers: plain, Huffman-coded, and with the static table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.policies.remote.hpack import BadHeaders, decode, encode

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def packed(text: str) -> bytes:
    """Return RFC 7541's examples of Huffman-coded text, by plain text."""
    return bytes.fromhex({"www.example.com": "f1e3c2e5f23a6ba0ab90f4ff", "no-cache": "a8eb10649cbf"}[text])


@given(fields=st.dictionaries(TEXT.filter(bool), TEXT))
def test_header_block_round_trip(fields: dict[str, str]) -> None:
    """Encoded literals decode to the same values."""
    assert decode(encode(fields)) == fields


@pytest.mark.parametrize("text", ["www.example.com", "no-cache"])
def test_huffman_coded_text_is_decoded(text: str) -> None:
    """Printable characters decode as in RFC 7541, appendix C.4."""
    value = packed(text)
    block = b"\x00\x01x" + bytes([0x80 | len(value)]) + value
    assert decode(block) == {"x": text}


def test_huffman_coded_date_and_status_are_decoded() -> None:
    """RFC 7541, appendix C.6.1: ``:status`` 302, with names from the static table."""
    block = bytes.fromhex(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"
    )
    assert decode(block) == {":status": "302"}


def test_indexed_status_is_decoded() -> None:
    """One byte encodes ``:status`` 200, also after a table size of 0."""
    assert decode(b"\x20\x88") == {":status": "200"}


@pytest.mark.parametrize(
    "block",
    [b"\xbe", b"\x80", b"\x7f\x00\x01x", b"\x00\x05ab", b"\x00", b"\x00\x7f\xff\xff\xff\xff\xff", b"\x00\x01a"],
    ids=["dynamic", "zero", "dynamic name", "short text", "no text", "endless integer", "no value"],
)
def test_invalid_block_is_refused(block: bytes) -> None:
    """The block is truncated, or refers to a table without a size."""
    with pytest.raises(BadHeaders):
        decode(block)


@given(block=st.binary(max_size=60))
def test_arbitrary_bytes_raise_only_bad_headers(block: bytes) -> None:
    """A peer can send any bytes."""
    try:
        decode(block)
    except BadHeaders:
        return
