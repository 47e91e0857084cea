"""All clients on one page: who is late, who is in trouble, and how the quality goes."""

from consulting.portfolio.page import build_portfolio
from consulting.portfolio.standing import ClientStanding, LastDelivery, OpenIncident

__all__ = ["ClientStanding", "LastDelivery", "OpenIncident", "build_portfolio"]
