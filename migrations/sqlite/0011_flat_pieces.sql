-- Pieces are found by their key alone: as the table's own order it takes one tree, and so one page a writing, instead of two.
CREATE TABLE flat_pieces (
    generation_id TEXT NOT NULL,
    -- Number of the last piece in `text`.
    n BIGINT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pieces_generation_id_n PRIMARY KEY (generation_id, n),
    CONSTRAINT pieces_generation FOREIGN KEY (generation_id) REFERENCES generations (id) ON DELETE CASCADE
) WITHOUT ROWID;

INSERT INTO flat_pieces (generation_id, n, text) SELECT generation_id, n, text FROM pieces;
DROP TABLE pieces;
ALTER TABLE flat_pieces RENAME TO pieces;
