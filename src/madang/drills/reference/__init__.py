"""The reference results of systems of this kind on simulated providers: `python -m madang.drills.reference`.

parts      what the measurements share: providers, a gateway before them, callers
pacing     a job at a provider that refuses what comes too fast
batch      two hundred scripts, one by one and at once
migration  from one provider to several
mixes      several models instead of one, replayed by `madang whatif`
page       the report
"""
