"""What can go wrong in the studio, in words that say what to do."""


class StudioError(Exception):
    """Something could not be made. `code` is stable, for programs; the message is for people."""

    code = "failed"
    passing = False
    """Whether the same may succeed later without a change by anybody."""


class BadScript(StudioError):
    """A script that cannot become a film; names the place."""

    code = "bad_script"


class MissingTool(StudioError):
    """A program or font that this machine lacks; names the package that has it."""

    code = "missing_tool"


class NotOffered(StudioError):
    """The gateway has nobody for something that will be needed; says what to configure or to choose."""

    code = "not_offered"


class Refused(StudioError):
    """The gateway or a provider refused, and will refuse again."""

    code = "refused"


class Unavailable(StudioError):
    """The gateway or a provider does not answer now."""

    code = "unavailable"
    passing = True


class Unreached(Unavailable):
    """The gateway itself is not there, or was lost before its answer was complete."""

    code = "unreached"


class Spoiled(Unavailable):
    """A job that was begun ended without a result; asking again is a new request, with a new name."""

    code = "spoiled"


class InVain(StudioError):
    """A job that ended without a result and was charged, or may have been: only people ask for it again."""

    code = "in_vain"


class Interrupted(StudioError):
    """The work was told to stop; what was asked for goes on and is found again."""

    code = "interrupted"
    passing = True


class OverBudget(StudioError):
    """Going on would cost more than was allowed; says how much is needed."""

    code = "over_budget"


class FailedCheck(StudioError):
    """A film that does not pass its technical check; names shots and findings."""

    code = "failed_check"


class NoRoom(StudioError):
    """The disk is full, or cannot be written; nothing that was made is lost."""

    code = "no_room"
    passing = True
