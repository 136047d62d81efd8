"""Little dramas: what the simulated models write when they are asked for a script, in four languages.

    library   stories as data (`stories/`)     order    what a prompt asks for
    telling   a story for an order             passes   lines that are polished or translated

Everything is told by templates, and the same request gets the same script: a stand-in for a writer.
"""
