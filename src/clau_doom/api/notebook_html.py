"""HTML fragments for notebooks: small tables without styles of their own. All text is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from clau_doom.escaping import printable

__all__ = ["cell_text", "facts_html", "rows_html", "text_html"]

_LONGEST = 120  # characters of a cell
_LARGE = 1e6  # numbers from here on, such as times, keep their digits before the decimal point


def text_html(text: str, limit: int | None = None) -> str:
    """Return a text as HTML, shortened to `limit` characters."""
    return escape(printable(text, limit=limit))


def cell_text(value: object) -> str:
    """Return the value of a table's cell as text; an empty text for a missing value."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) >= _LARGE else f"{value:.6g}"
    return str(value)


def facts_html(title: str, facts: Mapping[str, object]) -> str:
    """Return a title and a table with one row for each fact. Facts with the value None are left out."""
    rows = [
        f"<tr><th style='text-align:left'>{text_html(name)}</th>"
        f"<td style='text-align:left'>{text_html(cell_text(value), _LONGEST)}</td></tr>"
        for name, value in facts.items()
        if value is not None
    ]
    return f"<div><strong>{text_html(title)}</strong><table><tbody>{''.join(rows)}</tbody></table></div>"


def rows_html(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a title and a table. Numbers are aligned to the right, and text to the left."""
    head = "".join(f"<th>{text_html(name, _LONGEST)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f"<div>{text_html(title)}<table><thead><tr style='text-align:right'>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    side = "right" if isinstance(value, int | float) else "left"
    return f"<td style='text-align:{side}'>{text_html(cell_text(value), _LONGEST)}</td>"
