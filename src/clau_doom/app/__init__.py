"""Composition root: builds runs and servers from configurations.

`run_planning` checks a configuration and returns the plan of a run. `run` creates and hosts the planned run,
`served_run` makes it visible to clients, and `remote_run` sends it to a server. `serve` hosts many
experiments of a `folder_repository`. `catalog` and `scenario_catalog` list stored experiments and scenarios.
`progress_state` and `progress_display` show a run. `analyze` and `report` compute statistics and render pages. The
command line and the Python library call only these modules.

This file imports nothing, so that commands such as `list` do not load a web server.
"""
