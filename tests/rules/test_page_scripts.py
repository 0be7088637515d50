"""The scripts of the pages as they travel: without what only authors read, below each other, meaning the same.

That they do what they did is seen by tests/console, where Chromium runs what is made here.
"""

import re

import pytest

from app.console.compact import script, sheet
from app.console.joined import SHARED, exports, joined, top_names
from app.console.router import ASSETS, PAGES

MODULES = {path.relative_to(ASSETS).as_posix(): path.read_text(encoding="utf-8") for path in ASSETS.rglob("*.js")}
OURS = sorted(name for name in MODULES if not name.startswith("vendor/"))


@pytest.mark.parametrize(
    ("source", "small"),
    [
        ("// said\nconst a = 1; // ms\n/** @x */\nconst b = /** @type {any} */ (a);\n", "const a=1;const b=(a);"),
        ('const a = "// no comment";', 'const a="// no comment";'),
        ("const a = 'it''s' + \"a \\\" b\";", "const a='it''s'+\"a \\\" b\";"),
        ("const a = `http://x   y ${b + `  // ${c}` + d}  z`;", "const a=`http://x   y ${b+`  // ${c}`+d}  z`;"),
        ("const a = /[/'\"`]\\/* x/g.test(b) / 2 / c;", "const a=/[/'\"`]\\/* x/g.test(b)/2/c;"),
        ("return /a b/;", "return/a b/;"),
        ("a = b + +c - -d;", "a=b+ +c- -d;"),
        ("const f = async (x) => {\n  await x;\n};\n", "const f=async(x)=>{await x;};"),
        ('if ("a" in b) return typeof c;', 'if("a"in b)return typeof c;'),
        ("function a() {}\nfunction b() {}\n", "function a(){}\nfunction b(){}"),
        ("const a = b\n  .c()\n  ?.d;", "const a=b.c()?.d;"),
        ("let a\nlet b", "let a\nlet b"),
        ("html`<p>\n    ${a} // b\n    /* c */ <i>d  e</i>`;", "html`<p>\n${a} // b\n/* c */ <i>d  e</i>`;"),
        ("const a = `\n   kept\n`;", "const a=`\n   kept\n`;"),
        ("html`${a.map((b) => html`\n  ${{ b }.b}\n`)}\n  !`", "html`${a.map((b)=>html`\n${{b}.b}\n`)}\n!`"),
        ("1 .toFixed();\nfoo - ++bar;", "1 .toFixed();foo- ++bar;"),
    ],
)  # fmt: skip
def test_blanks_and_comments_go_where_they_mean_nothing(source: str, small: str) -> None:
    assert script(source) == small


@pytest.mark.parametrize("source", ["const a = `never closed", "const a = `b ${c", "a = /never closed\n"])
def test_what_is_not_closed_is_no_script(source: str) -> None:
    with pytest.raises(ValueError, match="Not closed"):
        script(source)


@pytest.mark.parametrize("name", OURS)
def test_what_is_small_already_stays_as_it_is(name: str) -> None:
    small = script(MODULES[name])
    assert script(small) == small
    assert "/** " not in small
    assert len(small) < 0.97 * len(MODULES[name])


def test_a_sheet_keeps_its_rules_and_what_stands_in_quotes() -> None:
    source = '/* why */\na :hover,\nb > c {\n  content: "{ ; /* x */";\n  margin: calc(1px + 2px) 0;\n}\n'
    assert sheet(source) == 'a :hover,b > c{content:"{ ; /* x */";margin: calc(1px + 2px) 0;}'.replace("t:", "t: ", 1)


# --- one script a page ---------------------------------------------------------------------------------------------

SMALL = {
    "one.js": 'import { both } from "./lib/both.js";\nimport { mine } from "./lib/mine.js";\nboth(mine);\n'
    'const later = () => import("./lib/later.js");\n',
    "two.js": 'import { both } from "./lib/both.js";\nboth(2);\n',
    "lib/both.js": 'import { h } from "../vendor/v.js";\nexport const both = h;\n',
    "lib/mine.js": "export function mine() {}\n",
    "lib/later.js": 'import { mine } from "./mine.js";\nexport const later_on = mine;\n',
    "vendor/v.js": "// Licence\nvar a=1;export{a as h,b};\n",
}


def test_a_module_that_only_some_pages_use_runs_in_none_of_the_others() -> None:
    pages = {
        **SMALL,
        "three.js": 'import { both } from "./lib/both.js";\nimport { mine } from "./lib/mine.js";\nboth(mine);\n',
    }
    scripts = joined(pages, ["one.js", "two.js", "three.js"])
    assert ["function mine(" in scripts[name] for name in (SHARED, "one.js", "two.js", "three.js")] == [
        False,
        True,
        False,
        True,
    ]


def test_what_all_pages_use_is_a_script_of_its_own_and_each_module_stands_below_what_it_imports() -> None:
    scripts = joined(SMALL, ["one.js", "two.js"])
    assert scripts == {
        SHARED: "const{h,b}=(()=>{// Licence\nvar a=1;return{h:a,b}})();\nconst both=h;\nexport{h,b,both};",
        "one.js": 'import{both}from"./shared.js";function mine(){}\nconst later_on=mine;\n'
        "both(mine);const later=()=>Promise.resolve({later_on});",
        "two.js": 'import{both}from"./shared.js";both(2);',
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lib/mine.js": 'import { both } from "../one.js";\nexport function mine() {}\n'}, "in a ring"),
        ({"lib/mine.js": "export function mine() {}\nconst both = 1;\n"}, "alike: both"),
        ({"lib/mine.js": "export default 1;\n"}, "lib/mine.js imports, exports"),
        ({"lib/mine.js": 'import { h as g } from "../vendor/v.js";\nexport function mine() {}\n'}, "lib/mine.js"),
        ({"lib/mine.js": 'import * as all from "./both.js";\nexport function mine() {}\n'}, "lib/mine.js"),
        ({"lib/mine.js": "export const mine = (name) => import(name);\n"}, "lib/mine.js"),
    ],
)
def test_what_cannot_be_joined_is_refused(change: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        joined(SMALL | change, ["one.js", "two.js"])


def test_every_module_travels_with_all_it_names() -> None:
    everything = "\n".join(joined(MODULES, list(PAGES.values())).values())
    assert len(OURS) > 40
    for name in OURS:
        for named in {*exports(MODULES[name]), *top_names(MODULES[name])}:
            assert re.search(rf"\b(?:const|let|function|class) \[?{named}\b", everything), f"{named} of {name}"
