-- What a person changes in the catalog and has not saved yet. One row a person.
CREATE TABLE catalog_drafts (
    user_id TEXT NOT NULL,
    -- Rises with each writing: two windows of one person do not overwrite one another unseen.
    number BIGINT NOT NULL,
    -- The draft as JSON; none: nothing is being changed.
    body TEXT,
    -- The last one that was thrown away, until the next.
    discarded TEXT,
    changed_at BIGINT NOT NULL,
    CONSTRAINT catalog_drafts_user_id PRIMARY KEY (user_id),
    CONSTRAINT catalog_drafts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
