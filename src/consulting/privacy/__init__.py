"""What is personal, how it is hidden, and what the engagement's tier forbids."""

from consulting.privacy.detection import detect_pii
from consulting.privacy.hiding import Declared, hide, mask_inside
from consulting.privacy.masking import mask, masking_key
from consulting.privacy.names import Names
from consulting.privacy.shapes import is_personal, shape, shown, without_personal
from consulting.records import ColumnTreatment, PiiFinding

__all__ = [
    "ColumnTreatment",
    "Declared",
    "Names",
    "PiiFinding",
    "detect_pii",
    "hide",
    "is_personal",
    "mask",
    "mask_inside",
    "masking_key",
    "shape",
    "shown",
    "without_personal",
]
