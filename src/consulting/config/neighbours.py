"""What of an engagement must be no other client's: its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from consulting.config.engagement import EngagementConfig


def refuse_foreign_variables(config: EngagementConfig, client_id: str, others: list[str]) -> None:
    """Refuse a secret's variable that is named after another client, or after a program.

    Raises:
        ConfigurationError: If the engagement names one.
    """
    named = {
        feed.password_variable: "password_variable"
        for feed in config.feeds
        if feed.password_variable
    }
    named |= config.source.variables()
    for channel in config.alerts.channels:
        named |= channel.variables()
    for name, field in named.items():
        owners = [other for other in others if name.startswith(f"{other.upper()}_")]
        owner = max(owners, key=len, default=client_id)
        if owner != client_id or name.startswith(("CONSULTING_", "DAGSTER_", "DBT_")):
            raise ConfigurationError(
                f"`{field}: {name.rstrip('_')}` is named after "
                f"{owner if owner != client_id else 'a program'}. Name a variable of this client: "
                f"it begins with {client_id.upper()}_."
            )
