"""A template made of a client's feed, or taught the headers that a client was found to use.

A template is read by all clients, so nothing goes into it that is one client's alone: columns,
rules, the ways values are written, and headers. What the YAML says of values (code lists, words,
bounds, patterns, conditions) and of the client (descriptions) goes in only where an engineer says
so, for a proposal may have read it in the client's files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting import dbt_yaml, jinja
from consulting.chain.patching import text_of
from consulting.cleaning.templated import applied, name_of_test
from consulting.config_model import NAME_PATTERN
from consulting.errors import CleaningError, ConfigurationError
from consulting.privacy.labels import judge
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling.wording import enumerated
from consulting.records import Record
from consulting.rules import headers_of
from consulting.rules.template import (
    BY_NAME,
    FOLDER,
    own_template_file,
    parse_template,
    read_template,
    template_file,
    template_names,
)
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consulting.chain.engagement import Engagement
    from consulting.rules.template import Template

_HERE = Path(FOLDER)
_SAFE = frozenset(
    "rule required on_invalid optional contains_pii formats language decimal thousands scale case "  # noqa: SIM905 - words
    "collapse pad_zeros country_code national_length".split()
)
"""How values are written, and what becomes of them: no text of a client's."""
_SAFE_TESTS = frozenset({"unique", "not_null", "not_negative"})
_OF_ONE_FILE = frozenset({"from", "accepted", "replace", "suspected"})
_OF_ONE_CLIENT = frozenset({"relationships", "rows_conserved"})
"""Tests that name feeds of the client."""


class Learned(Record):
    """What a template takes from a client's feed.

    Attributes:
        template: The template.
        path: Its file, from the project's folder.
        is_new: Whether there was none yet.
        headers: Column → the headers that are added to its synonyms.
        left: What is not taken, and why, a sentence each.
        before: What it was made from; empty where there was none yet.
        text: The file as it is then.
    """

    template: str
    path: str
    is_new: bool
    headers: dict[str, tuple[str, ...]]
    left: tuple[str, ...]
    before: str
    text: str

    @property
    def texts(self) -> dict[str, tuple[str, str]]:
        """The file, from the dbt project, before and after."""
        return {f"{FOLDER}/{self.template}.yml": (self.before, self.text)}

    def in_words(self) -> Iterator[str]:
        """What there is to say, a line each."""
        yield f"{self.path}: {'new' if self.is_new else 'more headers'}"
        for column, headers in self.headers.items():
            yield f"  {column} ← {', '.join(headers)}"
        yield from (f"  not taken: {sentence}" for sentence in self.left)


def learn(engagement: Engagement, feed: str, name: str, *, with_values: bool) -> Learned:
    """What a template takes from a client's feed; nothing is written.

    Args:
        engagement: The client.
        feed: Its feed.
        name: The template; one that is there learns headers alone.
        with_values: Whether a new one takes what the YAML says of values, too.

    Raises:
        ConfigurationError: If the client is below tier 3, or the name is none.
        CleaningError: If the feed has no models.
    """
    if not re.fullmatch(NAME_PATTERN, name) or parse_yaml(name.encode(), _HERE)[0].value != name:
        raise ConfigurationError(
            f"{name!r} can not be a template's name. Use a lower-case letter, then lower-case "
            "letters, digits and underscores, and no word that YAML reads otherwise, like null."
        )
    tier, client = engagement.config.security_tier, engagement.client_id
    if tier < FULL_TIER:
        raise ConfigurationError(
            f"{client} is at tier {tier}: below tier {FULL_TIER} a header may be data of the "
            "client, and a template is read by all clients. Learn from a client at tier "
            f"{FULL_TIER}, or write what you know into dbt/{FOLDER}/{name}.yml yourself."
        )
    path = engagement.models.yaml_of(feed)
    text = engagement.models.files.read(path).decode() if path.is_file() else ""
    model = _model(engagement, text, feed)
    if model is None:
        raise CleaningError(
            f"{client} has no models of a feed {feed!r} to learn from. `consulting models {client} "
            f"{feed}` proposes them from its last files."
        )
    asked = _asked(text, feed)
    if name in template_names(engagement.dbt_dir):
        return _taught(engagement, model, name, asked)
    return _made(model, name, asked, with_values=with_values)


def _model(engagement: Engagement, text: str, feed: str) -> dict[str, Any] | None:
    """The model of the feed, with what its template says."""
    dbt_dir = engagement.dbt_dir
    path = engagement.models.yaml_of(feed)
    whole = applied(text.encode(), path, lambda name: read_template(dbt_dir, name))
    said = next((document.value for document in parse_yaml(whole, path)), None)
    models = said.get("models") if isinstance(said, dict) else None
    return next((model for model in models or () if model.get("name") == feed), None)


def _asked(text: str, feed: str) -> dict[str, str]:
    """Column → the open question beside it, whether it is that column at all."""
    lines, found = text.splitlines(), {}
    for name, line in dbt_yaml.lines_of(dbt_yaml.columns_of(text, feed)):
        at = line
        while at and lines[at - 1].lstrip().startswith("#"):
            at -= 1
            if f"Is this the column {name} of " in lines[at]:
                found[name] = f"{name} has an open question in line {at + 1} of the client's YAML"
    return found


def _accepted(
    model: Mapping[str, Any], asked: Mapping[str, str], left: list[str]
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The columns whose headers somebody stands for, with these; why the others are not."""
    for column in model.get("columns") or ():
        name, meta = str(column.get("name")), column.get("meta") or {}
        headers = [*headers_of(jinja.rendered(meta))]
        data = [header for header in headers if judge(header) == "data"]
        if not headers:
            left.append(f"{name} is read from no header")
        elif name in asked:
            left.append(asked[name])
        elif data:
            left.append(f"{name}: its header looks like data of the client, not like a label")
        else:
            yield column, headers


def _taught(
    engagement: Engagement, model: Mapping[str, Any], name: str, asked: Mapping[str, str]
) -> Learned:
    template = read_template(engagement.dbt_dir, name)
    before = text_of(own_template_file(engagement.dbt_dir, name))
    # one that a package brings is learned into the project's own, which then takes its place
    text = before or text_of(template_file(engagement.dbt_dir, name))
    left: list[str] = []
    added: dict[str, tuple[str, ...]] = {}
    for column, headers in _accepted(model, asked, left):
        target = template.column(str(column["name"]))
        if target is None:
            left.append(f"{column['name']} is no column of the template")
            continue
        known = _known(template)
        new = [each for each in headers if each.casefold() not in known]
        taken = [each for each in headers if known.get(each.casefold(), target.name) != target.name]
        left += [f"“{each}” is known for {known[each.casefold()]} already" for each in taken]
        meta = dbt_yaml.meta_of(dbt_yaml.columns_of(text, name), target.name)
        after = meta and dbt_yaml.with_keys(text, meta, {"synonyms": [*target.synonyms, *new]})
        if new and after:
            text, added[target.name] = after, tuple(new)
        elif new:
            said = f"“{', '.join(new)}” can not be written into the text of the template"
            left.append(f"{said}: add it to the synonyms of {target.name} by hand")
    return _learned(name, added, left, text, before=before)


def _known(template: Template) -> dict[str, str]:
    """Header → the column that it is a synonym of."""
    return {
        header.casefold(): column.name
        for column in template.columns
        for header in (column.name, *column.synonyms)
    }


def _made(
    model: Mapping[str, Any], name: str, asked: Mapping[str, str], *, with_values: bool
) -> Learned:
    left: list[str] = []
    headers: dict[str, tuple[str, ...]] = {}
    items = ""
    for column, known in _accepted(model, asked, left):
        item = _item(column, left, with_values=with_values)
        items += dbt_yaml.column({**item, "synonyms": known}, 6)
        headers[str(column["name"])] = tuple(known)
    rows = _of_rows(model.get("meta") or {}, headers, left, with_values=with_values)
    text = "# What `consulting template learn` made of a client's feed: read it, describe it.\n"
    text += f"version: 2\n\nmodels:\n  - name: {name}\n"
    if with_values and model.get("description"):
        text += f"    description: {dbt_yaml.sentence(str(model['description']))}\n"
    text += "    meta:\n" if rows else ""
    text += "".join(f"      {key}: {dbt_yaml.flow(value)}\n" for key, value in rows.items())
    return _learned(name, headers, left, f"{text}    columns:\n{items}")


def _item(column: Mapping[str, Any], left: list[str], *, with_values: bool) -> dict[str, Any]:
    """A column of a new template, but for its headers."""
    meta = {k: v for k, v in column["meta"].items() if k not in _OF_ONE_FILE}
    taken = {key: value for key, value in meta.items() if with_values or key in _SAFE}
    if "codes" in meta.keys() - taken.keys():
        taken.pop("rule")  # which is nothing without them
    said = column.get("data_tests") or ()
    tests = [*_tests(said, with_values=with_values)]
    gone = {*meta} - {*taken} | {f"its test {name_of_test(test)}" for test in said}
    gone -= {f"its test {name_of_test(test)}" for test in tests}
    if gone:
        left.append(f"{column['name']}: {enumerated(sorted(gone))}")
    described = column.get("description") if with_values else None
    return {**taken, "name": column["name"], "description": described, "tests": tests}


def _of_rows(
    meta: Mapping[str, Any], headers: Mapping[str, Any], left: list[str], *, with_values: bool
) -> dict[str, Any]:
    """What a new template says of whole rows."""
    wanted = {"dedupe", *(BY_NAME if with_values else ())}
    kept = {key: value for key, value in meta.items() if key in wanted}
    dedupe = kept.get("dedupe") or {}
    by = dedupe.get("order_by") or []
    if not {*dedupe.get("key", ()), *([by] if isinstance(by, str) else by)} <= headers.keys():
        del kept["dedupe"]
    left += [f"`{key}`" for key in sorted(meta.keys() - kept.keys())]
    return kept


def _tests(tests: Iterable[Any], *, with_values: bool) -> Iterator[Any]:
    for test in tests:
        name = name_of_test(test)
        if name in _OF_ONE_CLIENT:
            continue
        if with_values:
            yield test
        elif name in _SAFE_TESTS:
            said = test[name] or {} if isinstance(test, dict) else {}
            severity = (said.get("config") or {}).get("severity")
            yield {name: {"config": {"severity": severity}}} if severity else name


def _learned(
    name: str, headers: dict[str, tuple[str, ...]], left: list[str], text: str, *, before: str = ""
) -> Learned:
    parse_template(text.encode(), name)
    return Learned(
        template=name,
        path=f"dbt/{FOLDER}/{name}.yml",
        is_new=not before,
        headers=headers,
        left=tuple(left),
        before=before,
        text=text,
    )
