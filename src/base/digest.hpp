// SHA-256, alone and with a key, comparison of secrets, and randomness, from OpenSSL and the kernel.
#pragma once

#include <string>
#include <string_view>

namespace groomer {

// Lower-case hexadecimal, 64 characters.
std::string sha256_hex(std::string_view data);
// As browsers write it in a policy.
std::string sha256_base64(std::string_view data);

// In a time that depends on neither: for what a stranger sends to be compared with a secret.
[[nodiscard]] bool equal_secrets(std::string_view given, std::string_view secret);

// HMAC with SHA-256, in lower-case hexadecimal.
std::string hmac_sha256_hex(std::string_view key, std::string_view data);

// A random UUID (version 4).
std::string make_uuid();

}  // namespace groomer
