CREATE TABLE conversations (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    title TEXT NOT NULL,
    -- 1 while the title was made by the program, 0 once a person chose it.
    auto_title BIGINT NOT NULL,
    model TEXT,
    system_prompt TEXT NOT NULL,
    temperature DOUBLE PRECISION,
    -- The last message of the shown branch. No foreign key: messages point back here.
    leaf_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT conversations_id PRIMARY KEY (id),
    CONSTRAINT conversations_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX conversations_by_user ON conversations (user_id, updated_at, id);
CREATE INDEX conversations_by_deletion ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE messages (
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    -- No foreign key: a chain of 10,000 parents would be deleted link by link, deeper than SQLite goes. Messages are
    -- only ever deleted with their conversation.
    parent_id TEXT,
    -- The parent, or the conversation for a first message: siblings share it, and an index can find them.
    parent_key TEXT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    status TEXT NOT NULL,
    model TEXT,
    error TEXT,
    prompt_tokens BIGINT,
    completion_tokens BIGINT,
    first_token_ms BIGINT,
    duration_ms BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT messages_id PRIMARY KEY (id),
    CONSTRAINT messages_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE INDEX messages_by_conversation ON messages (conversation_id);
CREATE INDEX messages_by_parent ON messages (parent_key, id);

CREATE TABLE generations (
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    -- The server process that writes it.
    instance TEXT NOT NULL,
    state TEXT NOT NULL,
    stop_requested BIGINT NOT NULL,
    -- Past this time without renewal its process is taken for dead.
    lease_until BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    last_piece BIGINT NOT NULL,
    CONSTRAINT generations_id PRIMARY KEY (id),
    CONSTRAINT generations_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT generations_message FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE
);
CREATE INDEX generations_by_conversation ON generations (conversation_id);
CREATE INDEX generations_by_message ON generations (message_id);
CREATE INDEX generations_by_lease ON generations (lease_until) WHERE state = 'running';
-- One writer per message.
CREATE UNIQUE INDEX generations_message_id ON generations (message_id) WHERE state = 'running';

-- The text of a running generation, in the order it came. Gone once the message holds the whole text.
CREATE TABLE pieces (
    generation_id TEXT NOT NULL,
    -- Number of the last piece in `text`.
    n BIGINT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pieces_generation_id_n PRIMARY KEY (generation_id, n),
    CONSTRAINT pieces_generation FOREIGN KEY (generation_id) REFERENCES generations (id) ON DELETE CASCADE
);
