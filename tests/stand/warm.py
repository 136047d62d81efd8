"""What a gateway of the tests has in memory before it is forked (`stand.forking`)."""

import gc

import madang.cli.up
import stand.forking
from madang import catalog

__all__ = ["madang", "stand"]

catalog.load()
gc.collect()
gc.freeze()
