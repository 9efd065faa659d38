"""The one thing about the package that is no table: what is compiled, where it can be."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        # Optional: without a compiler the same nodes are made in Python.
        Extension(
            "imagelock.document._libyaml", ["src/imagelock/document/_libyaml.c"], optional=True
        )
    ]
)
