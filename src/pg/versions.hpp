// The versions of the database libraries, for `groomer version` and the metric build_info.
#pragma once

#include <string>

namespace groomer::pg {

std::string libpqxx_version();
std::string libpq_version();  // of the library that runs, e.g. "15.18"

}  // namespace groomer::pg
