"""The project's Dagster components; what is named here can be scaffolded."""

from consulting.components.engagement.component import EngagementComponent

__all__ = ["EngagementComponent"]
