"""What is personal, how it is hidden, and what the engagement's tier forbids."""

from consulting.privacy.detection import PiiFinding, detect_pii
from consulting.privacy.masking import mask, masking_key
from consulting.privacy.shapes import shape
from consulting.privacy.tiers import require_tier

__all__ = ["PiiFinding", "detect_pii", "mask", "masking_key", "require_tier", "shape"]
