"""What a period would have cost under another configuration: attempts in, a report out.

Rule: deciding is pure and repeatable. What chance would decide follows from a request's id, so the
same rows and the same question give the same report, to the nano-dollar. How each figure is made,
and what is assumed: docs/whatif.md.
"""
