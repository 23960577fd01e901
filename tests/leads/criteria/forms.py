"""What a browser without any script would send back: the fields of a page's form."""

from html.parser import HTMLParser

from django.http import QueryDict


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.data = QueryDict(mutable=True)
        self.buttons: list[tuple[str, str]] = []
        self._select: tuple[str, bool] | None = None
        self._first: str | None = None
        self._chosen = False
        self._textarea: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and name:
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self.data.appendlist(name, value)
        elif tag == "button" and name:
            self.buttons.append((name, value))
        elif tag == "select" and name:
            self._select, self._first, self._chosen = (name, "multiple" in given), None, False
        elif tag == "option" and self._select:
            self._first = value if self._first is None else self._first
            if "selected" in given:
                self.data.appendlist(self._select[0], value)
                self._chosen = True
        elif tag == "textarea" and name:
            self._textarea, self._text = name, ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            name, several = self._select
            if not self._chosen and not several and self._first is not None:
                self.data.appendlist(name, self._first)
            self._select = None
        if tag == "textarea" and self._textarea:
            self.data.appendlist(self._textarea, self._text.strip("\n"))
            self._textarea = None


def fields_of(html: str) -> QueryDict:
    """The fields of a page as they would be sent, without any button."""
    reader = _Fields()
    reader.feed(html)
    return reader.data


def buttons_of(html: str) -> list[tuple[str, str]]:
    reader = _Fields()
    reader.feed(html)
    return reader.buttons
