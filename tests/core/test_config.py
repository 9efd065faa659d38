"""The settings of a project that says nothing."""

from __future__ import annotations

from imagelock.core.config import Config


def test_a_project_without_settings_has_the_file_names_of_the_pipeline() -> None:
    config = Config()

    assert config.external_images == "external_images"
    assert config.references == "image_references"
    assert config.lock == "images.lock"


def test_a_project_without_settings_exempts_nothing_and_knows_no_registry() -> None:
    config = Config()

    assert config.policy == "pinned"
    assert not config.strict
    assert config.registries is None
    assert config.self_built is None
    assert config.presets == ()
    assert config.exemptions == ()
