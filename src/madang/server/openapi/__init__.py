"""The OpenAPI document: every operation with what it takes, what it gives, and how it refuses.

What there is to say about an operation is a row in one of the YAML files beside this one, a file
per dialect; here the rows are put into OpenAPI's words. It is made when it is first asked for: it
costs a process that nobody asks neither time nor memory.
"""

from madang.server.openapi.document import Operation, document

__all__ = ["Operation", "document"]
