"""`{{ env.ACME_CORP_BUCKET }}` in a client's `defs.yaml`: looked up, never run as Jinja."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from consulting import jinja
from consulting.client_environment import ALLOWED
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consulting.yaml_files import YamlPath

_LOOK_UP = re.compile(r"\{\{ *env\.([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_JINJA = re.compile(r"\{\{|\{%")


def resolve_templates(
    value: Any,
    client_id: str,
    variables: Mapping[str, str],
    fail: Callable[[YamlPath, str], Exception],
    path: YamlPath = (),
) -> Any:
    """Put the values of environment variables in place of `{{ env.NAME }}`.

    Args:
        value: A value of `defs.yaml`, with all below it.
        client_id: The client.
        variables: What its files may name.
        fail: Makes the error from the place and the reason.
        path: Where the value stands.

    Raises:
        Exception: What `fail` makes, if a text asks for anything but such a look-up.
    """
    if isinstance(value, dict):
        return {
            key: resolve_templates(item, client_id, variables, fail, (*path, key))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            resolve_templates(item, client_id, variables, fail, (*path, index))
            for index, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    written = jinja.plain(value)  # a text that would be a template, as the scaffold writes it
    if written is not None:
        return written
    if not _JINJA.search(value):
        return value
    try:
        return _resolved(value, client_id, variables)
    except ConfigurationError as error:
        raise fail(path, str(error)) from None


def _resolved(text: str, client_id: str, variables: Mapping[str, str]) -> str:
    prefix = f"{client_id.upper()}_"
    if _JINJA.search(_LOOK_UP.sub("", text)):
        raise ConfigurationError(
            f"{text[:80]!r} is a template that is not read here. Only `{{{{ env.{prefix}… }}}}`, "
            f"the value of one of this client's own variables, is."
        )

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in variables:
            return variables[name]
        if not name.startswith(prefix):
            raise ConfigurationError(
                f"`env.{name}` is not one of this client's variables. They begin with {prefix}."
            )
        raise ConfigurationError(
            f"`env.{name}` is not set where Dagster runs, belongs to another client, is not "
            f"listed in {ALLOWED} (`{name.removeprefix(prefix)}`), or looks like a secret; secrets "
            "are read by `credentials_prefix` and `password_variable`."
        )

    return _LOOK_UP.sub(value_of, text)
