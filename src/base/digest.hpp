// SHA-256 and randomness, both from OpenSSL and the kernel.
#pragma once

#include <string>
#include <string_view>

namespace groomer {

// Lower-case hexadecimal, 64 characters.
std::string sha256_hex(std::string_view data);

// A random UUID (version 4).
std::string make_uuid();

}  // namespace groomer
