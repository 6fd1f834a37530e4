// What both kinds of sessions share: what goes before a statement, and how the server's words become an error.
#pragma once

#include "pg/session.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace groomer::pg {

// Settings that end with the implicit transaction that they and the statement after them make. The server also looks
// whether its client still lives, and gives up one that takes nothing of a long answer: the statement of a dead or a stopped holder would
// keep its fence, and the next holder, waiting.
std::string settings(std::chrono::milliseconds limit);

// An error of the server in a statement; `what` is what libpq says of it.
DatabaseError statement_error(std::string_view statement, std::string_view what, std::string_view sqlstate);
DatabaseError broken_connection(std::string_view what);

}  // namespace groomer::pg
