r"""Text of others in the language of each view: what is shown is the text, and no part of it is obeyed.

Tables keep the true text. It is escaped once, where it becomes a part of a view, by the function of that view here. HTML has
``html.escape`` and Jinja's ``autoescape``; spreadsheets have ``ReportCSVDataset``, which takes its marks off again.
"""

from __future__ import annotations

import re


def visible(text: str, keep: str = "") -> str:
    r"""``text`` with each character that cannot be seen, or that turns text round, as an escape.

    Args:
        text: any text, halves of surrogate pairs in it too.
        keep: such characters that stay as they are.

    >>> visible("a\x1b[31m\u202eb\n")
    'a\\x1b[31m\\u202eb\\n'
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def terminal_text(text: str) -> str:
    r"""``text`` for a terminal: line ends and tabs stay, whatever else would steer it is an escape.

    >>> terminal_text("a\x1b[2J\n\tb")
    'a\\x1b[2J\n\tb'
    """
    return visible(text, keep="\n\t")


_ACTIVE = re.compile(r"[\\`*\[\]|~]|<(?=[A-Za-z/!?])|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
"""What may begin or end something in the middle of a line of Markdown; ``_`` within a word does not."""


def markdown_text(text: str) -> str:
    r"""``text`` as a part of a line or cell of Markdown; what needs no escape has none, so that plain text reads well.

    >>> markdown_text("<b>[x](y)</b> | a_b < 8")
    '\\<b>\\[x\\](y)\\</b> \\| a_b < 8'
    """
    return _ACTIVE.sub(r"\\\g<0>", visible(" ".join(text.split())))


def markdown_code(text: str) -> str:
    r"""``text`` as code in a line or cell of Markdown; what would end the code, or the cell, makes it plain text.

    >>> markdown_code("a<b>_c_"), markdown_code("a`b")
    ('`a<b>_c_`', 'a\\`b')
    """
    is_plain = text.isprintable() and text == text.strip() != "" and not re.search(r"[`|\\]", text)
    return f"`{text}`" if is_plain else markdown_text(text)


_LEADS_ELSEWHERE = re.compile(r"\](?=:|\((?!https?://))")


def markdown_prose(text: str) -> str:
    r"""Markdown of others: it stays Markdown, without HTML, pictures, and links other than to ``http`` and ``https``.

    Entities take the place of what is not allowed: a backslash would do the contrary behind another one.

    >>> markdown_prose("[a](https://x) [b](javascript:y) <i>")
    '[a](https://x) [b&#93;(javascript:y) &lt;i>'
    """
    shown = terminal_text(text).replace("<", "&lt;").replace("![", "!&#91;")
    return _LEADS_ELSEWHERE.sub("&#93;", shown)
