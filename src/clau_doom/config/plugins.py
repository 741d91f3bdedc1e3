"""Plugins: entry points of installed packages that configurations use by name.

A package declares an entry point in one of the groups of `GROUPS`, for example in its `pyproject.toml`:

    [project.entry-points."clau_doom.strategies"]
    openai-es = "my_es:OpenAIES"

A configuration can then use the name in place of ``module:Class``: ``evolution: {kind: class, target: openai-es}``.

`installed_plugins` reads the metadata of packages and imports nothing. `find_plugin` returns one plugin by its name.
`resolve_target` converts a target of the configuration, which is a name or ``module:Class``, to ``module:Class``.
`Plugin.load` imports the object, and `load_error` returns the reason if that fails. `target_import.import_target`
combines both steps for classes and functions of a user.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from clau_doom.error_description import describe
from clau_doom.errors import ConfigError

__all__ = ["GROUPS", "Plugin", "find_plugin", "installed_plugins", "load_error", "resolve_target"]

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "clau_doom.policies": "policy",
        "clau_doom.strategies": "strategy",
        "clau_doom.measures": "measure",
        "clau_doom.trackers": "tracker",
        "clau_doom.backends": "backend",
    }
)
"""Groups of entry points, and what an entry point of each group provides."""


@dataclass(frozen=True, kw_only=True, order=True)
class Plugin:
    """Entry point of an installed package.

    Attributes:
        group: One of `GROUPS`.
        name: Name in configurations.
        target: Object that it provides, as ``module:attribute``.
        distribution: Name of the package that declares it.
        version: Version of that package.
    """

    group: str
    name: str
    target: str
    distribution: str
    version: str
    _entry: EntryPoint = field(repr=False, compare=False)

    def load(self) -> object:
        """Import and return the object.

        Raises:
            ConfigError: The import fails, also by `sys.exit`; the message has the package and the reason.
        """
        try:
            return self._entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise ConfigError(
                f"{GROUPS[self.group]} {self.name!r} of {self.distribution} {self.version} cannot be loaded: "
                f"reinstall or correct the package ({_reason(error)})"
            ) from error


def installed_plugins(group: str | None = None) -> tuple[Plugin, ...]:
    """Return the plugins of all groups, or of one, sorted by group and name. No plugin is imported.

    Args:
        group: One of `GROUPS`.
    """
    groups = tuple(GROUPS) if group is None else (group,)
    return tuple(sorted(plugin for name in groups for plugin in _of_group(name)))


def find_plugin(group: str, name: str) -> Plugin:
    """Return a plugin by its name.

    Raises:
        ConfigError: No installed package provides the name, or several packages do.
    """
    known = installed_plugins(group)
    found = [plugin for plugin in known if plugin.name == name]
    if not found:
        names = ", ".join(dict.fromkeys(plugin.name for plugin in known)) or "none is installed"
        raise ConfigError(
            f"{name!r} is not a {GROUPS[group]} of an installed package ({names}): "
            "use module:Name for an object of your own"
        )
    if len(found) > 1:
        packages = " and ".join(f"{plugin.distribution} {plugin.version}" for plugin in found)
        raise ConfigError(f"{GROUPS[group]} {name!r} is provided by {packages}: uninstall one, or use module:Name")
    return found[0]


def resolve_target(group: str, target: str) -> str:
    """Return a target as ``module:attribute``. A target without a colon is the name of a plugin.

    Raises:
        ConfigError: See `find_plugin`.
    """
    return target if ":" in target else find_plugin(group, target).target


def load_error(plugin: Plugin) -> str | None:
    """Import a plugin, and return the reason on one line if that fails."""
    try:
        plugin.load()
    except ConfigError as error:
        return _reason(error.__cause__ or error)
    return None


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {describe(error)}".split())


def _of_group(group: str) -> Iterator[Plugin]:
    for entry in entry_points(group=group):
        packaged = entry.dist
        yield Plugin(
            group=group,
            name=entry.name,
            target=entry.value,
            distribution=packaged.name if packaged else "unknown",
            version=packaged.version if packaged else "unknown",
            _entry=entry,
        )
