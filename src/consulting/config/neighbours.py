"""What of an engagement must be no other client's: where its files come from, its variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from consulting.config.engagement import S3Source
from consulting.errors import ConfigurationError
from consulting.intake.places import steps

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.config.engagement import EngagementConfig
    from consulting.intake.places import Place


def source_place(config: EngagementConfig, incoming: Path) -> Place:
    """Where a client's files come from, so that two spellings of one place are equal.

    Links are resolved, letters' case and Unicode's spellings are not told apart (some file systems
    do not), and one bucket is the same behind every endpoint.

    Args:
        config: The client's engagement.
        incoming: Its own drop folder, where its source names no other.
    """
    source = config.source
    if isinstance(source, S3Source):
        return ("s3", source.bucket.casefold(), *steps(source.prefix))
    return ("local", *steps(os.path.realpath(source.folder or incoming)))


def folder_place(folder: Path) -> Place:
    """The place of a client's own data."""
    return ("local", *steps(os.path.realpath(folder)))


def refuse_foreign_variables(config: EngagementConfig, client_id: str, others: list[str]) -> None:
    """Refuse a secret's variable that is named after another client, or after a program.

    Raises:
        ConfigurationError: If the engagement names one.
    """
    named = {feed.password_variable: "password_variable" for feed in config.feeds}
    if isinstance(config.source, S3Source) and config.source.credentials_prefix:
        named[f"{config.source.credentials_prefix}_"] = "source.credentials_prefix"
    for name, field in named.items():
        owners = [other for other in others if (name or "").startswith(f"{other.upper()}_")]
        owner = max(owners, key=len, default=client_id)
        if owner != client_id or (name or "").startswith(("CONSULTING_", "DAGSTER_", "DBT_")):
            raise ConfigurationError(
                f"`{field}: {(name or '').rstrip('_')}` is named after "
                f"{owner if owner != client_id else 'a program'}. Name a variable of this client: "
                f"it begins with {client_id.upper()}_."
            )
