from .objects import ObjectGoneError as ObjectGoneError
from .objects import Objects as Objects
from .objects import objects_at as objects_at
from .pages import fetch_page as fetch_page
from .pages import publish_page as publish_page
from .working_copy import WorkingCopy as WorkingCopy
from .working_copy import everything as everything
from .working_copy import without_rows as without_rows
