"""Composition root: builds runs and servers from configurations.

`plan` checks a configuration and returns the plan of a run. `run` executes the plan. `folder_repository` does both for
the experiments of a server. `catalog` and `scenario_catalog` list stored experiments and scenarios. `analyze` and
`report` compute statistics and render pages. `backends` and `cleanup` inspect and clean up Docker. The command line
calls only these modules.

This file imports nothing, so that commands such as `list` do not load a web server.
"""
