"""Whether others can trust the site's mail: what there is to mend, and how each domain takes it.

`selfmail` writes to the site itself once a day, `authentication` reads how that arrived, and
`selfchecks` keeps it; `domains` counts; `alarms` says in words what is wrong.
"""
