"""Tests that packages which add to this one run over what they add; pytest is needed for them."""
