CREATE TABLE jobs (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- 'ready', 'running', 'done' or 'failed'; the first two are open.
    state TEXT NOT NULL,
    -- When it may be claimed: a ready job's time to run, a running job's end of lease.
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    unique_key TEXT,
    owner TEXT,
    error TEXT,
    finished_at BIGINT,
    CONSTRAINT jobs_id PRIMARY KEY (id)
);
CREATE INDEX jobs_by_due ON jobs (due_at, id) WHERE state IN ('ready', 'running');
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE state IN ('ready', 'running');
