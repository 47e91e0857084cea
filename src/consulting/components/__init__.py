"""The Dagster components of this library; what is named here `dg` knows in every project."""

from consulting.components.clients import ClientsComponent
from consulting.components.consultancy.component import ConsultancyComponent
from consulting.components.engagement.component import EngagementComponent

__all__ = ["ClientsComponent", "ConsultancyComponent", "EngagementComponent"]
