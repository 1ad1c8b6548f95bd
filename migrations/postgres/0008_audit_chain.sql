-- Each record of the audit carries a number without gaps and a digest over itself and the digest before it.
-- NULL only in records that are older than this; they are chained at the next start.
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN digest TEXT;
CREATE UNIQUE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_by_action ON audit (action, id);

-- The end of the chain. Raising it puts writers in line.
CREATE TABLE audit_chain (
    id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT audit_chain_id PRIMARY KEY (id)
);
INSERT INTO audit_chain (id, seq, digest) VALUES (1, 0, '');
