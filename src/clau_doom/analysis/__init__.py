"""Statistics of experiments, with intervals, and their description as documents.

The functions depend only on their arguments: they do not use a store, an engine or a clock. `plot` writes a file. The
only random part is the bootstrap. Its generator has the experiment's seed, so that a repeated analysis gives the same
numbers. A result that the data do not allow is an `Unavailable` with the reason, never a number.

- `learning`, `control_charts`, `regression`, `pca`, `lineage`, `elite_map`, `ranking` and others compute a statistic of
  one subject each.
- `sections` has a module for each statistic that applies it to an experiment and describes the result as blocks of
  `document`.
- The renderers for the terminal (`clau_doom.app.document_rendering`), HTML (`report`) and JSON (`document_json`)
  convert the blocks.

`matplotlib`, `scipy` and `statsmodels` take a second to import. Import the modules of this package inside functions.
`sections` imports its modules when they are used.
"""
