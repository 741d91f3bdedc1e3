"""Small Python packages with entry points, built and installed into a folder."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["install_package"]


def install_package(
    folder: Path, name: str, modules: Mapping[str, str], entry_points: Mapping[str, Mapping[str, str]]
) -> Path:
    """Build a package of version 1.2 and install it as `pip install --target` does. No index is used.

    Args:
        folder: Empty folder of the test.
        name: Name of the distribution.
        modules: Source text by the name of the module.
        entry_points: Target by name, by group.

    Returns:
        The folder to add to the module path.
    """
    project, site = folder / "project", folder / "site"
    project.mkdir(parents=True)
    files = ", ".join(f'"{module}.py"' for module in modules)
    lines = [
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"',
        f'[project]\nname = "{name}"\nversion = "1.2"',
        f"[tool.hatch.build.targets.wheel]\nonly-include = [{files}]",
    ]
    for group, targets in entry_points.items():
        lines.append(f'[project.entry-points."{group}"]')
        lines += [f'"{key}" = "{target}"' for key, target in targets.items()]
    (project / "pyproject.toml").write_text("\n".join(lines) + "\n")
    for module, text in modules.items():
        (project / f"{module}.py").write_text(text)
    options = ["--no-config", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "uv", *options, "--python", sys.executable, "--target", str(site), str(project)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return site
