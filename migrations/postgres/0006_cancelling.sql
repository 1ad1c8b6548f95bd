-- When somebody asked an apply to stop between steps: the process that runs it may be another than the one that was asked.
ALTER TABLE applies ADD COLUMN cancel_asked_at BIGINT;
