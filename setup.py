"""What setup.cfg can't say: with DISPATCH_COMPILE=1 some modules are compiled to machine code (docs/performance.md)."""

import os
import runpy

from setuptools import setup


def extensions():
    if os.environ.get("DISPATCH_COMPILE") != "1":
        return []
    from mypyc.build import mypycify

    modules = runpy.run_path("dispatch/compiled.py")["MODULES"]
    return mypycify(list(modules), opt_level="2", group_name="dispatch")


setup(ext_modules=extensions())
