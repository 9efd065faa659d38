"""The one thing about the package that is no table: what is compiled, where it can be."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        # Optional: without a compiler the same nodes are made in Python.
        Extension("imagelock.document._nodes", ["src/imagelock/document/_nodes.c"], optional=True)
    ]
)
