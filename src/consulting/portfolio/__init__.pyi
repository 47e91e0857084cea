from .page import build_portfolio as build_portfolio
from .standing import ClientStanding as ClientStanding
from .standing import LastDelivery as LastDelivery
from .standing import OpenIncident as OpenIncident
