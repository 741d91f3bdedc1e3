"""Redaction of secrets in text, by their names and forms.

A secret in prose, under an unrelated name, cannot be recognised.
"""

import re

__all__ = ["REDACTED", "is_secret_name", "redact", "without_logins"]

REDACTED = "[redacted]"
"""Replacement of a secret."""

_NAMES = (
    r"(?:token|passw(?:or)?d|passphrase|authori[sz]ation|credential|secret|cookie|nkey"
    r"|api[-_ ]?key|private[-_ ]?key|key[-_ ]?(?:material|pem|data|bytes))"
)
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
# Names for the location of a secret, such as a file.
_PLACE = re.compile(r"[-_ ](?:file|path|dir)$", re.IGNORECASE)
_QUOTED = r"\\*b?(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?)"
# Repetitions are bounded: otherwise text from a client could cost time quadratic in its length.
_LOGINS = (
    # The user and password before a host. A password may hold an unquoted slash or @; a port is not a password.
    (re.compile(r"(?<=://)[^\s/@:]{0,256}:(?!\d{1,5}(?:[/\s]|$))\S{1,2048}@"), f"{REDACTED}@"),
    (re.compile(r"(?<=://)[^\s/]{1,2048}@"), f"{REDACTED}@"),
)
_FORMS = (
    # A private key, and seeds and user JWTs of NATS; a truncated one matches up to the end of the text. Also in a repr.
    (
        re.compile(r"-----BEGIN [A-Z ]{0,64}(?:PRIVATE KEY|SEED|JWT)-----.*?(?:-----END [A-Z ]+-+|\Z)", re.DOTALL),
        REDACTED,
    ),
    (re.compile(r"\bS[UAOCNX][A-Z2-7]{56}\b"), REDACTED),
    *_LOGINS,
    (re.compile(r"\b(Bearer|Basic)(\s+)[^\s'\",;]+", re.IGNORECASE), rf"\1\2{REDACTED}"),
    # name=value, name: value, 'name': 'value' and ('name', 'value').
    (
        re.compile(
            rf"({_NAMES}\w{{0,32}}(?<!_file)(?<!_path)(?<!_dir)(?:\\*[\"']\s*[:=,]|\s*[:=])\s*"
            r"(?:(?:Bearer|Basic)\s+)?[\[({]*)"
            rf"(?!\[redacted\]|None\b|True\b|False\b)(?:{_QUOTED}|[^\s&'\"()\[\]{{}}]+(?:\([^)]*\)?)?)",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
)


def redact(text: str) -> str:
    """Replace keys, tokens, passwords and logins of URLs in a text."""
    for form, replacement in _FORMS:
        text = form.sub(replacement, text)
    return text


def without_logins(text: str) -> str:
    """Replace users and passwords of URLs in a text; other secrets stay."""
    for form, replacement in _LOGINS if "://" in text else ():
        text = form.sub(replacement, text)
    return text


def is_secret_name(name: object) -> bool:
    """Return whether a name such as ``token`` stands for a secret, and not for the location of a secret."""
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    return isinstance(text, str) and bool(_SECRET_NAME.search(text)) and not _PLACE.search(text)
