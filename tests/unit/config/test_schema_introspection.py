"""Tests of the schema's fields and their environment variables."""

from clau_doom.config.schema_introspection import OTHER_ENVIRONMENT, environment_names, fields, locate


def test_environment_names_are_unique() -> None:
    """Each variable sets one path, and none is a variable of the command line."""
    paths = {field.path for field in fields()}
    names = {field.environment for field in fields()}
    assert len(names) == len(paths) == len(environment_names())
    assert names.isdisjoint(OTHER_ENVIRONMENT)


def test_environment_names_are_paths_in_upper_case() -> None:
    """Dots become single underscores."""
    names = environment_names()
    assert names["CLAU_DOOM_SEED"] == ("seed",)
    assert names["CLAU_DOOM_SCENARIO_FRAME_SKIP"] == ("scenario", "frame_skip")
    assert names["CLAU_DOOM_POLICY_LAYERS"] == ("policy", "layers")
    assert names["CLAU_DOOM_EVOLUTION_HALF_LIFE"] == ("evolution", "half_life")


def test_every_field_has_a_description() -> None:
    assert [field.name for field in fields() if not field.info.description] == []


def test_pydantic_locations_become_paths() -> None:
    """Pydantic's tags of unions are left out of the paths."""
    assert locate(("evolution", "map-elites", "descriptors", 1, "low"))[0] == ("evolution", "descriptors", 1, "low")
    assert locate(("policy", "class", "options", "a"))[0] == ("policy", "options", "a")
    assert locate(("fitness", "weights", "kils", "[key]"))[0] == ("fitness", "kils")
    assert locate(("nothing",))[0] == ("nothing",)
