// What this binary is.
#pragma once

#include <string>

namespace groomer::app {

struct Version {
    std::string version, revision, compiler, boost, libpqxx, libpq, openssl;
};
Version version();

}  // namespace groomer::app
