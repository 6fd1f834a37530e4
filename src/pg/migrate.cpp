#include "pg/migrate.hpp"

namespace groomer::pg {
namespace {

// Any constant serves: it names the migrations of this product among the database's advisory locks ("groomer" in ASCII).
// It is tried, not waited for: who waits inside a statement hears no SIGTERM.
constexpr auto try_advisory_lock = "SELECT pg_try_advisory_xact_lock(x'67726f6f6d6572'::bigint)";
// Who dies or is stopped between two statements would keep the locks of those before, and with them every replica that runs.
constexpr auto brief =
    "SELECT set_config('statement_timeout', '5s', true), set_config('lock_timeout', '5s', true), "
    "set_config('idle_in_transaction_session_timeout', '5s', true)";
constexpr auto patient =
    "SELECT set_config('statement_timeout', '10min', true), set_config('lock_timeout', '2min', true), "
    "set_config('idle_in_transaction_session_timeout', '5s', true)";

SchemaState state_of(std::int64_t found, std::vector<Migration> const& migrations) {
    SchemaState state{static_cast<int>(found), migrations.empty() ? 0 : migrations.back().version};
    if (state.found > state.wanted)
        throw Error{ErrorCode::database, "the database schema is version " + std::to_string(state.found) + ", newer than this binary's " +
                                             std::to_string(state.wanted) +
                                             ": run the newer groomer, or point this one at another database"};
    return state;
}

std::int64_t found_version(Session::Transaction& transaction) {
    // By the snapshot, not by to_regclass: that may answer from a cache from before the advisory lock was waited for.
    if (transaction.exec("SELECT FROM pg_tables WHERE schemaname = 'groomer' AND tablename = 'schema_version'").empty()) return 0;
    return transaction.exec("SELECT coalesce(max(version), 0) FROM groomer.schema_version").at(0).integer(0);
}

}  // namespace

SchemaState check_schema(Session& session, std::vector<Migration> const& migrations) {
    std::int64_t found = 0;
    session.transaction([&](Session::Transaction& transaction) {
        transaction.exec(brief);
        auto const server = transaction
                                .exec(
                                    "SELECT current_setting('server_encoding'), current_setting('server_version_num'), version(), "
                                    "current_setting('default_transaction_isolation'), quote_ident(current_user)")
                                .at(0);
        auto const encoding = server.text(0);
        if (server.integer(1) < 140000)
            throw Error{ErrorCode::database, "groomer needs PostgreSQL 14 or newer, and this is " + server.text(2)};
        if (encoding != "UTF8")
            throw Error{ErrorCode::database, "the database's encoding is " + encoding +
                                                 ", which cannot hold every text: create one with ENCODING 'UTF8' TEMPLATE template0"};
        // A statement that locks a row and goes on with it needs to see what was committed meanwhile.
        if (server.text(3) != "read committed")
            throw Error{ErrorCode::database, "the database's default_transaction_isolation is " + server.text(3) +
                                                 ", and groomer's statements need read committed: ALTER ROLE " + server.text(4) +
                                                 " SET default_transaction_isolation = 'read committed'"};
        found = found_version(transaction);
    });
    return state_of(found, migrations);
}

bool try_migrate(Session& session, std::vector<Migration> const& migrations) {
    bool mine = false;
    session.transaction([&](Session::Transaction& transaction) {
        transaction.exec(patient);
        mine = transaction.exec(try_advisory_lock).at(0).truth(0);
        if (!mine) return;
        auto const state = state_of(found_version(transaction), migrations);  // another replica may have been here first
        for (Migration const& migration : migrations) {
            if (migration.version <= state.found) continue;
            transaction.exec(std::string{migration.sql});
            transaction.exec("INSERT INTO groomer.schema_version (version, name) VALUES (" + std::to_string(migration.version) + ", '" +
                             std::string{migration.name} + "')");
        }
    });
    return mine;
}

}  // namespace groomer::pg
