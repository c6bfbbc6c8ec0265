#pragma once

// The table behind PostgresAgentStore. Never edited once released: what changes is a further step. What the ledger
// tells of a change waits in budget_note, where the notes of all nodes wait.

namespace reeve::store {

inline constexpr const char* kAgentSchema = R"sql(
CREATE TABLE agent (
  id       text COLLATE "C" PRIMARY KEY,
  version  bigint NOT NULL CHECK (version > 0),
  document text NOT NULL    -- canonical JSON
);

INSERT INTO change_counter VALUES ('agent', 1);
CREATE FUNCTION agent_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE reeve.change_counter SET value = value + 1 WHERE subject = 'agent';
  RETURN NULL;
END;
$$;
CREATE TRIGGER agent_changed AFTER INSERT OR UPDATE OR DELETE ON agent
FOR EACH STATEMENT EXECUTE FUNCTION agent_changed();
)sql";

}  // namespace reeve::store
