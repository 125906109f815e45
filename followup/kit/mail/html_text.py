"""Reading the words of an HTML mail without running, fetching or trusting anything in it."""

from __future__ import annotations

from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "wbr"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "hr", "section"}
)
_QUOTE_CLASSES = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")
_QUOTE_IDS = ("appendonsend", "divRplyFwdMsg", "reply-intro")


def text_of_html(html: str) -> str:
    """Return the visible words; quoted history is kept and marked with ``>`` as in a plain text mail."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._silent: list[str] = []
        self._quotes: list[str] = []
        self._all_below_is_quoted = False

    def text(self) -> str:
        kept = [" ".join(line.split()) for line in self._lines]
        return "\n".join(kept).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        if tag in _BLOCKS or tag == "blockquote":
            self._new_line()
        named = dict(attrs)
        if (named.get("id") or "") in _QUOTE_IDS:
            # Outlook marks where history begins, not where it ends.
            self._all_below_is_quoted = True
        elif tag not in _VOID and self._is_quoted(tag, named.get("class") or ""):
            self._quotes.append(tag)
        if tag in _BLOCKS or tag == "blockquote":
            self._new_line()

    def _is_quoted(self, tag: str, classes: str) -> bool:
        # A tag of the same name inside a quotation is counted, so that the right closing tag ends it.
        is_nested = bool(self._quotes) and tag == self._quotes[-1]
        return tag == "blockquote" or is_nested or any(each in classes for each in _QUOTE_CLASSES)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()
        if self._quotes and self._quotes[-1] == tag:
            self._quotes.pop()
            self._new_line()
        elif tag in _BLOCKS:
            self._new_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._lines[-1] += data

    def _new_line(self) -> None:
        mark = "> " if self._quotes or self._all_below_is_quoted else ""
        if self._lines[-1].strip() in ("", ">"):
            self._lines[-1] = mark
        else:
            self._lines.append(mark)
