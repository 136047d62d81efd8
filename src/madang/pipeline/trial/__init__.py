"""New targets on trial: canaries and cut-overs, and the record of what was decided and why."""
