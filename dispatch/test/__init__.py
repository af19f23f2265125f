"""Tests: the same tree as the package; everything here runs without a network, but for ``real``."""

import os

from hypothesis import settings

settings.register_profile("tests", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=300, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))
