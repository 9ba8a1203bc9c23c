"""The OpenAPI document as a page: each endpoint with what it reads and answers, each schema with its fields."""

from collections.abc import Iterator
from html import escape

from shared.wire.model import JsonObject

_SCHEMAS = "#/components/schemas/"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #888; --mark: #2563eb; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem; }
h1 { margin: 0; } h2 { margin: 2.5rem 0 .5rem; } h2::first-letter { text-transform: uppercase; }
code, th { font-family: ui-monospace, monospace; font-size: .92em; font-weight: normal; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; }
details > :not(summary) { margin: .6rem 1rem; }
.method { color: var(--mark); display: inline-block; font-weight: bold; min-width: 4.5rem; }
.says, .type { color: var(--faint); }
.says { float: right; }
table { border-collapse: collapse; width: calc(100% - 2rem); }
th, td { border-top: 1px solid var(--line); padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; }
th { white-space: nowrap; }
a { color: var(--mark); text-decoration: none; }
@media (max-width: 45rem) { .says { display: block; float: none; } }
"""


def render_page(document: JsonObject) -> str:
    """Return the page of an OpenAPI document, whole: it needs no script and no other file."""
    about = document["info"]
    title = escape(about["title"])
    body = "".join([*_operations(document), *_schemas(document)])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: the API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<h1>{title} <small class="type">{escape(about["version"])}</small></h1>'
        f"<p>{escape(about.get('description', ''))} "
        f'The same for programs: <a href="openapi.json">openapi.json</a>.</p>{body}</html>'
    )


def _operations(document: JsonObject) -> Iterator[str]:
    """Yield the endpoints under the subject that each belongs to, subjects in order of first use."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["others"])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    for tag, entries in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>{''.join(entries)}"


def _operation(method: str, path: str, operation: JsonObject) -> str:
    words = operation.get("description") or operation.get("summary", "")
    head = (
        f'<summary><span class="says">{escape(operation.get("summary", ""))}</span>'
        f'<code><span class="method">{method.upper()}</span>{escape(path)}</code></summary>'
    )
    parts = [f"<p>{escape(words)}</p>", _parameters(operation), _body(operation), _answers(operation)]
    return f"<details>{head}{''.join(parts)}</details>"


def _parameters(operation: JsonObject) -> str:
    return _table(
        (entry["name"], f"{entry['in']}, {_type(entry['schema'])}", entry.get("description", ""))
        for entry in operation.get("parameters", [])
    )


def _body(operation: JsonObject) -> str:
    body = operation.get("requestBody")
    return f"<p>Reads {_contents(body['content'])}</p>" if body else ""


def _answers(operation: JsonObject) -> str:
    return _table(
        (status, _contents(answer.get("content", {})), answer.get("description", ""))
        for status, answer in operation["responses"].items()
    )


def _contents(content: JsonObject) -> str:
    each = (
        f"{_type(entry.get('schema', {}))} as <code>{escape(kind)}</code>" for kind, entry in content.items()
    )
    return " or ".join(each)


def _schemas(document: JsonObject) -> Iterator[str]:
    yield "<h2>schemas</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        needed = schema.get("required", [])
        fields = _table(
            (field, _type(shape), "required" if field in needed else shape.get("description", ""))
            for field, shape in schema.get("properties", {}).items()
        )
        words = f'<p id="{escape(name)}">{escape(schema.get("description", ""))}</p>'
        summary = f"<summary><code>{escape(name)}</code></summary>"
        yield f"<details>{summary}{words}{fields or _type(schema)}</details>"


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    """Return a table of names, types that are HTML already, and remarks."""
    lines = [
        f'<tr><th>{escape(name)}</th><td class="type">{kind}</td><td>{escape(remark)}</td></tr>'
        for name, kind, remark in rows
    ]
    return f"<table>{''.join(lines)}</table>" if lines else ""


def _type(schema: JsonObject) -> str:
    """Return what a schema allows, in words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_SCHEMAS))
        return f'<a href="#{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(each) for each in schema[several]))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum") or [schema.get("const")]
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}))}"
    kinds = schema.get("type", "anything")
    words = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{escape(words)}{escape(_bounds(schema))}"


def _bounds(schema: JsonObject) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is None and high is None:
        return ""
    return f" ({'' if low is None else low}…{'' if high is None else high})"
