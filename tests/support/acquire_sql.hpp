// How a test takes the free row of the lock groomer for a minute in the place of some replica, due or not: by SQL, without a store.
#pragma once

#include <string>

namespace groomer::test {

// A row where it was had.
inline std::string acquire_sql(std::string const& pod, std::string const& slot = "", std::string const& incarnation = "incarnation") {
    return "SELECT FROM groomer.acquire('groomer', true, groomer.cluster(), pg_postmaster_start_time(), "
           "(SELECT term FROM groomer.lock_state WHERE lock = 'groomer'), extract(epoch FROM clock_timestamp())::float8, NULL, NULL, "
           "'free', '0', false, '0', 60000, '" +
           slot + "', '" + incarnation + "', 'uuid', '" + pod + "')";
}

}  // namespace groomer::test
