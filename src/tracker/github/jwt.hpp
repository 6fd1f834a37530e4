// The token by which a GitHub App says who it is: RS256, signed by its private key. Pure.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace groomer::tracker::github {

// From a minute ago, which clocks may differ by, for nine minutes. pem: PKCS#1 or PKCS#8, not encrypted. Throws Error(credentials)
// that says what is wrong with the key and what to do, and nothing of its content.
std::string make_jwt(std::string_view pem, std::int64_t app_id, WallTime now);

std::string base64url(std::string_view data);

}  // namespace groomer::tracker::github
