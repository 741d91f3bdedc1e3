"""The only place where concrete classes are chosen and wired.

`planning` says what a run would be, `running` makes it, `laboratory` does both for a server's many; `stored` and
`offers` read what is kept and what can be played; `analysing` says what it means, `reporting` on a page; `docker_facts`
and `cleaning` see what Docker has and what was left there. The command line calls these and nothing below them.

Nothing is imported here: a command that lists experiments has no use for a web server, and should not wait for one.
"""
