"""Tables in LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sparkle_curation.variant.bibliography import escape_latex


def write_table(caption: str, label: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A floating table for the package booktabs: the first column to the left, the others to the right.

    Args:
        caption: LaTeX.
        label: behind ``tab:``.
        headers: text of the columns.
        rows: text of the cells; an empty row is a rule.
    """
    lines = [_row(headers), r"\midrule"]
    lines += [_row(row) if row else r"\midrule" for row in rows]
    body = "\n    ".join(lines)
    return rf"""\begin{{table}}[t]
  \centering
  \caption{{{caption}}}
  \label{{tab:{label}}}
  \begin{{tabular}}{{l{"r" * (len(headers) - 1)}}}
    \toprule
    {body}
    \bottomrule
  \end{{tabular}}
\end{{table}}
"""


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(escape_latex, cells))} \\\\"
