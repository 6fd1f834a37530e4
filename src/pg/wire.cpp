#include "pg/wire.hpp"

#include "base/text.hpp"

namespace groomer::pg {
namespace {

constexpr std::size_t longest = 500;  // of what a server says: a trigger may say anything, at any length

// Without the text of the statement and where in it.
std::string said_by_server(std::string_view what) {
    for (auto const* rest : {"\nCONTEXT:", "\nQUERY:", "\nLINE "}) what = what.substr(0, what.find(rest));
    auto line = one_line(what, longest);
    return line.starts_with("ERROR:") ? line.substr(line.find_first_not_of(' ', 6)) : line;
}

// 57P01..03 and 25P03 end the session, 25006 and 55000 mean that it is a standby now: another host may be the primary.
bool ends_session(std::string_view sqlstate) {
    return sqlstate.starts_with("08") || sqlstate.starts_with("57P0") || sqlstate == "25006" || sqlstate == "25P03" || sqlstate == "55000";
}

}  // namespace

std::string settings(std::chrono::milliseconds limit) {
    auto const value = "'" + std::to_string(limit.count()) + "ms', true)";
    return "SELECT set_config('statement_timeout', " + value + ", set_config('lock_timeout', " + value +
           ", set_config('client_connection_check_interval', '100ms', true), CASE WHEN version() LIKE '%linux%' THEN "
           "set_config('tcp_user_timeout', '2s', true) END; ";
}

DatabaseError statement_error(std::string_view statement, std::string_view what, std::string_view sqlstate) {
    return DatabaseError{"the database refused statement " + std::string{statement} + ": " + said_by_server(what), std::string{sqlstate},
                         ends_session(sqlstate)};
}

DatabaseError broken_connection(std::string_view what) {
    return DatabaseError{"the database connection failed: " + one_line(what, longest), "", true};
}

}  // namespace groomer::pg
