#pragma once

// Steps after kGrantSchema. Never edited once released.

namespace reeve::store {

/// By the folded name, as the directory names whoever is cut off; what began before has it as the database lowers it.
/// Triggers by row: those by statement moved the counter also where nothing was changed, such as every minute when what
/// has expired is forgotten.
inline constexpr const char* kSignInLogins = R"sql(
ALTER TABLE sign_in_session ADD COLUMN login text NOT NULL DEFAULT '';
UPDATE sign_in_session SET login = lower(person);
DROP INDEX sign_in_session_by_person;
CREATE INDEX sign_in_session_by_login ON sign_in_session (login);

DROP TRIGGER sign_in_ended ON sign_in_session;
CREATE TRIGGER sign_in_ended AFTER UPDATE OF ended ON sign_in_session
FOR EACH ROW EXECUTE FUNCTION sign_in_changed();
DROP TRIGGER token_key_changed ON token_key;
CREATE TRIGGER token_key_changed AFTER INSERT OR UPDATE OR DELETE ON token_key
FOR EACH ROW EXECUTE FUNCTION sign_in_changed();
)sql";

}  // namespace reeve::store
