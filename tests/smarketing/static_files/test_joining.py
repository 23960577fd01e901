"""Files that are written apart and fetched as one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smarketing.static_files.joining import NotJoined, join


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_sheet_is_a_block_of_its_layer_in_the_order_of_the_entry(tmp_path: Path) -> None:
    entry = '@layer a, b;\n\n@import url("one/y.css") layer(b);\n@import url("x.css") layer(a);\n'
    joined = join(written(tmp_path, css__app_css=entry, css__x_css="x {}\n", css__one__y_css="y {}\n"), "css/app.css")
    assert re.sub(r"\s+", " ", joined.text).strip() == (
        "@layer a, b; @layer b { /* one/y.css */ y {} } @layer a { /* x.css */ x {} }"
    )
    assert joined.parts == {"css/one/y.css", "css/x.css"}


def test_an_address_leads_where_it_led_from_its_own_file(tmp_path: Path) -> None:
    rules = "".join(
        f"x {{ background: url({url}) }}\n"
        for url in ("a.svg", "'../b.svg'", '"/c.svg"', "data:image/png;base64,AA", "#d", "https://e.example/f.svg")
    )
    entry = '@import url("one/x.css") layer(a);\n'
    joined = join(written(tmp_path, css__app_css=entry, css__one__x_css=rules), "css/app.css")
    assert 'url("one/a.svg")' in joined.text
    assert 'url("b.svg")' in joined.text
    for left in ('url("/c.svg")', "url(data:image/png;base64,AA)", "url(#d)", "url(https://e.example/f.svg)"):
        assert left in joined.text


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ('@import "x.css" layer(a);\n', ""),
        ('@import url("x.css");\n', ""),
        ('@import url("x.css") layer(a) print;\n', ""),
        ('@import url("x.css") layer(a);\n', '@import url("y.css") layer(a);\n'),
        ('@import url("x.css") layer(a);\n', '@charset "utf-8";\n'),
    ],
)
def test_what_a_browser_would_leave_out_is_refused(tmp_path: Path, entry: str, part: str) -> None:
    with pytest.raises(NotJoined):
        join(written(tmp_path, css__app_css=entry, css__x_css=part), "css/app.css")


def test_a_module_stands_once_behind_what_it_imports(tmp_path: Path) -> None:
    joined = join(
        written(
            tmp_path,
            js__app_js='import "./b.js";\nimport "./a.js";\n',
            js__a_js="export function twice(n) {\n  return 2 * n;\n}\nexport const ONE = 1;\n",
            js__b_js='import { twice, ONE } from "./a.js";\nconsole.log(twice(ONE));\n',
        ),
        "js/app.js",
    )
    assert joined.parts == {"js/a.js", "js/b.js"}
    assert joined.text.count("function twice") == 1
    assert joined.text.index("function twice") < joined.text.index("twice(ONE)")
    assert "Object.assign(exports_of_a_js, { twice, ONE });" in joined.text
    assert "const { twice, ONE } = exports_of_a_js;" in joined.text
    assert "import" not in joined.text


@pytest.mark.parametrize(
    "module",
    [
        'import all from "./a.js";\n',
        'import * as all from "./a.js";\n',
        'import { one as two } from "./a.js";\n',
        'import { two } from "./a.js";\n',
        'import { one } from "elsewhere";\n',
        "export default 1;\n",
        "export { one };\n",
        'export * from "./a.js";\n',
        'import "./app.js";\n',
    ],
)
def test_modules_that_would_be_joined_wrongly_are_refused(tmp_path: Path, module: str) -> None:
    files = written(tmp_path, js__app_js='import "./b.js";\n', js__a_js="export const one = 1;\n", js__b_js=module)
    with pytest.raises(NotJoined):
        join(files, "js/app.js")
