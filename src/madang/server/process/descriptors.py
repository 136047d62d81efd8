"""How many files and connections this process may have open."""

import resource

_MOST = 1_048_576
"""Systems that say "no limit" refuse it as a number."""


def allow_many() -> int:
    """Raise the soft limit to the hard one, and return it: a stream takes two, and 1,024 is what many systems give.

    Workers inherit it. Programs that are started from here do, too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
