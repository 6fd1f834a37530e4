#include "pg/rights.hpp"

namespace groomer::pg {
namespace {

constexpr Statement rights_statement{"schema.rights", R"sql(
SELECT quote_ident(current_user), quote_ident(current_database()), has_database_privilege(current_database(), 'CREATE'),
(SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'groomer'),
(SELECT quote_ident(tableowner) FROM pg_tables
 WHERE schemaname = 'groomer' AND tablename = 'schema_version' AND NOT pg_has_role(tableowner, 'USAGE')))sql"};

}  // namespace

std::optional<std::string> fault_of_migrating(Session& session, SchemaState const& state) {
    if (state.found == state.wanted) return std::nullopt;
    auto const rows = session.run(rights_statement, {});
    auto const& row = rows.at(0);
    auto const user = row.text(0);
    auto const instead = ", or run groomer migrate as a role that may";
    if (!row.null(4))
        return "the tables in the schema groomer belong to " + row.text(4) + ", and " + user +
               " may not change them: run groomer migrate as " + row.text(4);
    if (state.found == 0 && !row.truth(2))
        return user + " may not make the schema groomer: GRANT CREATE ON DATABASE " + row.text(1) + " TO " + user + instead;
    if (!row.null(3) && !row.truth(3))
        return user + " may not make tables in the schema groomer: GRANT CREATE ON SCHEMA groomer TO " + user + instead;
    return std::nullopt;
}

}  // namespace groomer::pg
