#pragma once

// The tables and functions behind PostgresSliceStore. Never edited once released: what changes is a further step.
//
// Why no limit is ever exceeded: whoever grants holds the locks of the rows of slice_counter that it grants from, and
// reads what all nodes hold after it has them (READ COMMITTED: each statement sees what was committed before it began).
// Locks are taken in one order everywhere: the node's row, then counters by digest and window. Slices are written under
// their counter's lock only. So nobody waits for somebody who waits for him.
//
// Why a call that comes late does no harm: each connection of a node claims the name anew, which waits for the end of a
// call under way and makes every later one of an earlier connection fail. Otherwise an old "I give back" could undo a
// grant that was made since.

namespace reeve::store {

inline constexpr const char* kSliceSchema = R"sql(
CREATE TABLE slice_node (
  node     text PRIMARY KEY,
  instance text NOT NULL,        -- the process that has the name
  epoch    bigint NOT NULL,      -- of its connection: grows with each
  seen     timestamptz NOT NULL  -- its last sign of life
);

-- Amounts in the unit of the counter's quantity; instants in nanoseconds since 1970, UTC.
CREATE TABLE slice_counter (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  counter      bytea NOT NULL,  -- text, but of others' making: it may be no UTF-8, and long
  digest       bytea NOT NULL GENERATED ALWAYS AS (sha256(counter)) STORED,
  window_begin bigint NOT NULL, -- 0: without an end
  window_end   bigint NOT NULL,
  limit_amount bigint NOT NULL CHECK (limit_amount >= 0), -- the newest that a node told
  UNIQUE (digest, window_begin)
) WITH (fillfactor = 80);
CREATE INDEX slice_counter_by_end ON slice_counter (window_end);

CREATE TABLE slice (
  counter  bigint NOT NULL REFERENCES slice_counter ON DELETE CASCADE,
  node     text NOT NULL,
  granted  bigint NOT NULL CHECK (granted >= 0), -- what it spent included
  spent    bigint NOT NULL CHECK (spent >= 0),
  reserved bigint NOT NULL CHECK (reserved >= 0),
  told     timestamptz NOT NULL,
  PRIMARY KEY (counter, node)
) WITH (fillfactor = 70); -- room to update a row where it is
CREATE INDEX slice_by_node ON slice (node);

-- The epoch of a new connection of `claimed`. None when another process has the name, unless the claim is the first of
-- its process: a restarted node takes its name back, and a second one of that name takes it away.
CREATE FUNCTION slice_claim(claimed text, claiming_instance text, is_first boolean) RETURNS bigint
LANGUAGE sql AS $$
  INSERT INTO slice_node AS known (node, instance, epoch, seen)
  VALUES (claimed, claiming_instance, 1, clock_timestamp())
  ON CONFLICT (node) DO UPDATE SET instance = EXCLUDED.instance, epoch = known.epoch + 1, seen = EXCLUDED.seen
  WHERE is_first OR known.instance = claiming_instance
  RETURNING epoch;
$$;

-- One element of each array for each request, no row twice. Gives a row for each, in their order.
CREATE FUNCTION slice_exchange(asking text, asking_epoch bigint, counters bytea[], begins bigint[], ends bigint[],
                               limits bigint[], spents bigint[], reserveds bigint[], wanteds bigint[])
RETURNS TABLE (granted bigint, spent_all bigint, granted_all bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  UPDATE slice_node SET seen = clock_timestamp() WHERE node = asking AND epoch = asking_epoch;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RV001', MESSAGE =
      'another process has taken the name "' || asking || '" of this node and what it holds; '
      'give every node a name of its own (ledger.node) and restart this one';
  END IF;

  -- Makes the rows that are missing and locks all of them, in order, also those that stay as they are.
  INSERT INTO slice_counter AS known (counter, window_begin, window_end, limit_amount)
  SELECT request.counter, request.window_begin, request.window_end, request.limit_amount
  FROM unnest(counters, begins, ends, limits) AS request (counter, window_begin, window_end, limit_amount)
  ORDER BY sha256(request.counter), request.window_begin
  ON CONFLICT (digest, window_begin)
  DO UPDATE SET window_end = EXCLUDED.window_end, limit_amount = EXCLUDED.limit_amount
  WHERE known.window_end <> EXCLUDED.window_end OR known.limit_amount <> EXCLUDED.limit_amount;

  -- Another statement: it sees what others committed while the one above waited for them. A node that spent more than
  -- it was granted (a provider charged more than the most a call could cost) holds what it spent.
  RETURN QUERY
  WITH request AS (
    SELECT known.id, asked.place, asked.limit_amount, asked.spent, asked.reserved,
           greatest(asked.wanted, asked.spent + asked.reserved) AS wanted
    FROM unnest(counters, begins, limits, spents, reserveds, wanteds) WITH ORDINALITY
         AS asked (counter, window_begin, limit_amount, spent, reserved, wanted, place)
    JOIN slice_counter AS known ON known.digest = sha256(asked.counter) AND known.window_begin = asked.window_begin
  ), standing AS (
    SELECT request.*,
           coalesce(max(slice.granted) FILTER (WHERE slice.node = asking), 0) AS had,
           coalesce(sum(slice.granted) FILTER (WHERE slice.node <> asking), 0) AS granted_others,
           coalesce(sum(slice.spent) FILTER (WHERE slice.node <> asking), 0) AS spent_others,
           coalesce(sum(greatest(slice.granted, slice.spent + slice.reserved)) FILTER (WHERE slice.node <> asking), 0)
             AS held_others
    FROM request LEFT JOIN slice ON slice.counter = request.id
    GROUP BY request.id, request.place, request.limit_amount, request.spent, request.reserved, request.wanted
  ), decided AS (
    SELECT standing.*,
           CASE WHEN standing.wanted <= standing.had THEN standing.wanted
                ELSE greatest(standing.had, least(standing.wanted, standing.limit_amount - standing.held_others))::bigint
           END AS grants
    FROM standing
  ), written AS (
    INSERT INTO slice AS told (counter, node, granted, spent, reserved, told)
    SELECT decided.id, asking, decided.grants, decided.spent, decided.reserved, clock_timestamp() FROM decided
    ON CONFLICT (counter, node) DO UPDATE
    SET granted = EXCLUDED.granted, spent = EXCLUDED.spent, reserved = EXCLUDED.reserved, told = EXCLUDED.told
  )
  SELECT decided.grants,
         least(decided.spent + decided.spent_others, 9223372036854775807)::bigint,
         least(decided.grants + decided.granted_others, 9223372036854775807)::bigint
  FROM decided ORDER BY decided.place;
END;
$$;

-- Whether no node told anything of a counter since then, and nobody alive holds more of it than it spent.
CREATE FUNCTION slice_is_idle(counter_id bigint, since timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (
    SELECT FROM slice LEFT JOIN slice_node USING (node)
    WHERE slice.counter = counter_id
      AND (slice.told >= since OR (slice.granted > slice.spent AND slice_node.seen >= since)));
$$;

-- Removes what nobody asks for any more, at most 1000 counters: those whose window ended before `ended_before`, and
-- those without an end that were idle for so many days. Waits for nothing: what is locked is left for the next time.
-- Gives how many went.
CREATE FUNCTION slice_sweep(ended_before bigint, idle_days integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz := clock_timestamp() - make_interval(days => idle_days);
  locked bigint[];
  swept bigint;
BEGIN
  locked := ARRAY(
    SELECT id FROM slice_counter
    WHERE (window_begin <> 0 AND window_end < ended_before) OR (window_begin = 0 AND slice_is_idle(id, since))
    LIMIT 1000 FOR UPDATE SKIP LOCKED);
  -- Asked again: somebody may have told something just before the lock.
  DELETE FROM slice_counter WHERE id = ANY (locked) AND (window_begin <> 0 OR slice_is_idle(id, since));
  GET DIAGNOSTICS swept = ROW_COUNT;
  DELETE FROM slice_node
  WHERE node IN (SELECT node FROM slice_node
                 WHERE seen < since AND NOT EXISTS (SELECT FROM slice WHERE slice.node = slice_node.node)
                 FOR UPDATE SKIP LOCKED);
  RETURN swept;
END;
$$;

-- For a person who knows that a node will never come back: frees what it held and had not spent. What it held for calls
-- under way counts as spent where a window ends, because nobody knows. Gives the number of slices that became smaller.
CREATE FUNCTION slice_retire(retired text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  freed bigint;
BEGIN
  UPDATE slice_node SET instance = '', epoch = epoch + 1 WHERE node = retired;
  PERFORM FROM slice_counter JOIN slice ON slice.counter = slice_counter.id
  WHERE slice.node = retired ORDER BY digest, window_begin FOR UPDATE OF slice_counter;
  UPDATE slice
  SET granted = slice.spent + CASE WHEN slice_counter.window_begin = 0 THEN 0 ELSE slice.reserved END,
      reserved = CASE WHEN slice_counter.window_begin = 0 THEN 0 ELSE slice.reserved END
  FROM slice_counter
  WHERE slice_counter.id = slice.counter AND slice.node = retired
    AND slice.granted > slice.spent + CASE WHEN slice_counter.window_begin = 0 THEN 0 ELSE slice.reserved END;
  GET DIAGNOSTICS freed = ROW_COUNT;
  RETURN freed;
END;
$$;

-- For people.
CREATE VIEW slice_standing AS
SELECT encode(counter.counter, 'escape') AS counter,
       to_timestamp(counter.window_begin / 1000000000) AS window_begin,
       CASE WHEN counter.window_begin <> 0 THEN to_timestamp(counter.window_end / 1000000000) END AS window_end,
       counter.limit_amount,
       sum(slice.granted) AS granted, sum(slice.spent) AS spent, sum(slice.reserved) AS reserved,
       count(*) AS nodes
FROM slice_counter AS counter JOIN slice ON slice.counter = counter.id
GROUP BY counter.id;
)sql";

}  // namespace reeve::store
