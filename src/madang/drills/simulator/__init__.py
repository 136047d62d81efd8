"""The provider simulator: every provider's wire format over real sockets, with faults, and books of its own.

An independent witness: it shares no code with the gateway that it tests. `madang sim` serves it,
the playground provider is it, tests and drills start it with `serve`.

    records    what wires and brain say to one another
    brain/     what to answer: texts, tool calls, JSON that fits a schema
    wires/     OpenAI Chat, Responses and embeddings, Anthropic Messages, Gemini
    measuring  tokens and prompt caches         lineup      the models
    faults     how it misbehaves, as rows       book        what it saw and charged
    stage      from a request to an answer      delivery    sending it, or failing to
    media/     clips, speech, pictures and transcripts, in every provider's own shape
    control    /__sim                           app, server the ASGI application and its socket
"""

from madang.drills.simulator.faults import FAULTS, Behaviour
from madang.drills.simulator.server import Running, serve

__all__ = ["FAULTS", "Behaviour", "Running", "serve"]
