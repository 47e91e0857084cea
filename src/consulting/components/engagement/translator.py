"""How dagster-dbt names a client's models, and what they carry as assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import dagster as dg

    from consulting.components.engagement.client import Client


class EngagementDbtTranslator(DagsterDbtTranslator):
    """Names a client's dbt models `[client_id, <model>]`, in the client's group, with its tags."""

    def __init__(self, client: Client) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_metadata=False))
        self._client = client

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """A model has its name; a source is what `file_received` loaded."""
        if dbt_resource_props["resource_type"] == "source":
            return self._client.key("file_received")
        return self._client.key(dbt_resource_props["name"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model's YAML says; the SQL is in the repository."""
        return str(dbt_resource_props.get("description") or "")

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:  # noqa: ARG002
        """One group per client."""
        return self._client.client_id

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """The client's tags and the model's layer."""
        layer = dbt_resource_props.get("schema")
        return {**self._client.tags, **({"layer": str(layer)} if layer else {})}

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG002
        """Who answers for the engagement answers for its models."""
        return self._client.owners

    def get_partitions_def(
        self,
        dbt_resource_props: Mapping[str, Any],  # noqa: ARG002
    ) -> dg.PartitionsDefinition[str] | None:
        """The engagement's periods."""
        return self._client.partitions_def
