-- What the deployment engine remembers. Documents are JSON of the engine's own types; beside them stand the columns that
-- are asked for. Rows are only ever added to the journal and to the revisions' numbers.
CREATE TABLE applies (
    -- Chosen by the caller: a UUIDv7, so that sorting by it is sorting by beginning.
    id TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- The run that began it, as it stands in the locks.
    owner TEXT NOT NULL,
    -- The plan, and the stacks it deploys.
    record TEXT NOT NULL,
    -- 'running', 'succeeded', 'cancelled' or 'failed'.
    state TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- The number of the last entry. Raising it puts writers of one apply in line.
    last_entry BIGINT NOT NULL,
    CONSTRAINT applies_id PRIMARY KEY (id)
);
CREATE INDEX applies_by_beginning ON applies (began_at, id) WHERE state = 'running';

-- The environments an apply changes.
CREATE TABLE apply_environments (
    environment TEXT NOT NULL,
    apply_id TEXT NOT NULL,
    -- 1 until the apply ends.
    running BIGINT NOT NULL,
    CONSTRAINT apply_environments_environment_apply_id PRIMARY KEY (environment, apply_id),
    CONSTRAINT apply_environments_apply FOREIGN KEY (apply_id) REFERENCES applies (id) ON DELETE CASCADE
);
CREATE INDEX apply_environments_by_apply ON apply_environments (apply_id);
-- One unfinished apply on an environment, also for a process that has lost its lock and does not know it yet.
CREATE UNIQUE INDEX apply_environments_environment ON apply_environments (environment) WHERE running = 1;

CREATE TABLE journal (
    apply_id TEXT NOT NULL,
    -- From 1, without gaps.
    seq BIGINT NOT NULL,
    -- 'intent', 'receipt' or 'event'.
    kind TEXT NOT NULL,
    step TEXT,
    body TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    CONSTRAINT journal_apply_id_seq PRIMARY KEY (apply_id, seq),
    CONSTRAINT journal_apply FOREIGN KEY (apply_id) REFERENCES applies (id) ON DELETE CASCADE
);

-- What was applied and proved healthy. No foreign key: a revision outlives the apply that made it.
CREATE TABLE revisions (
    environment TEXT NOT NULL,
    stack TEXT NOT NULL,
    -- From 1 for each stack on each environment, without gaps.
    number BIGINT NOT NULL,
    apply_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    kept_at BIGINT NOT NULL,
    -- 1 for the newest, until the stack is removed.
    applied BIGINT NOT NULL,
    CONSTRAINT revisions_environment_stack_number PRIMARY KEY (environment, stack, number),
    CONSTRAINT revisions_apply_id_environment_stack UNIQUE (apply_id, environment, stack)
);
CREATE UNIQUE INDEX revisions_environment_stack ON revisions (environment, stack) WHERE applied = 1;
INSERT INTO counters (name, value) VALUES ('revisions', 0);

-- Stacks that are held at a version.
CREATE TABLE pins (
    environment TEXT NOT NULL,
    stack TEXT NOT NULL,
    body TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    CONSTRAINT pins_environment_stack PRIMARY KEY (environment, stack)
);

-- One apply on an environment at a time. A row stays when its lock is given back: the epoch must go on rising.
CREATE TABLE locks (
    environment TEXT NOT NULL,
    -- None: free.
    owner TEXT,
    epoch BIGINT NOT NULL,
    acquired_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT locks_environment PRIMARY KEY (environment)
);
