"""Which keys are good: every one but those that say themselves that they are not."""

from madang.drills.simulator.records import Refused


def check_key(key: str) -> None:
    """Raises Refused without a key, for one with `invalid` in it, and for one with `quota`: out of credit."""
    if not key:
        raise Refused("no_key")
    if "invalid" in key:
        raise Refused("auth")
    if "quota" in key:
        raise Refused("quota")
