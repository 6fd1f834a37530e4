#include "pg/versions.hpp"

#include <libpq-fe.h>
#include <pqxx/pqxx>

namespace groomer::pg {

std::string libpqxx_version() { return PQXX_VERSION; }

std::string libpq_version() {
    int const number = PQlibVersion();
    return std::to_string(number / 10000) + "." + std::to_string(number % 10000);
}

}  // namespace groomer::pg
