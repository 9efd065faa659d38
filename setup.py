"""The one thing about the package that is no table: what is compiled, where it can be."""

from setuptools import Extension, setup

# Optional: without a compiler Python does the same, slower.
setup(
    ext_modules=[
        Extension(
            "imagelock.document._libyaml", ["src/imagelock/document/_libyaml.c"], optional=True
        ),
        Extension(
            "imagelock.syntax._projection",
            ["src/imagelock/syntax/_projection.c"],
            depends=["src/imagelock/syntax/_json.h"],
            optional=True,
        ),
    ]
)
