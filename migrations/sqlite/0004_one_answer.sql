-- One answer at a time in a conversation, also when several processes share the database. Should there be more than one
-- already, the newest goes on and the others end as after a crash, with their text so far.
UPDATE generations SET last_piece = COALESCE(
    (SELECT max(p.n) FROM pieces p WHERE p.generation_id = generations.id), last_piece)
WHERE state = 'running' AND EXISTS (
    SELECT 1 FROM generations newer
    WHERE newer.conversation_id = generations.conversation_id AND newer.state = 'running' AND newer.id > generations.id);

UPDATE messages SET status = 'interrupted', text = text || COALESCE(
    (SELECT string_agg(p.text, '' ORDER BY p.n) FROM pieces p JOIN generations g ON g.id = p.generation_id
     WHERE g.message_id = messages.id AND g.state = 'running'), '')
WHERE id IN (
    SELECT older.message_id FROM generations older
    JOIN generations newer ON newer.conversation_id = older.conversation_id
    WHERE older.state = 'running' AND newer.state = 'running' AND newer.id > older.id);

DELETE FROM pieces WHERE generation_id IN (
    SELECT older.id FROM generations older
    JOIN generations newer ON newer.conversation_id = older.conversation_id
    WHERE older.state = 'running' AND newer.state = 'running' AND newer.id > older.id);

UPDATE generations SET state = 'interrupted', ended_at = lease_until
WHERE state = 'running' AND EXISTS (
    SELECT 1 FROM generations newer
    WHERE newer.conversation_id = generations.conversation_id AND newer.state = 'running' AND newer.id > generations.id);

CREATE UNIQUE INDEX generations_conversation_id ON generations (conversation_id) WHERE state = 'running';
