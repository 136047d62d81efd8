-- The caller's trace, as its headers `traceparent` and `tracestate` told of it, on the first attempt of a request (NULL: there was none).
ALTER TABLE attempts ADD COLUMN traceparent TEXT;
ALTER TABLE attempts ADD COLUMN tracestate TEXT;
