#include "base/digest.hpp"

#include "base/error.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <span>

namespace groomer {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string to_hex(std::span<unsigned char const> bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (unsigned char byte : bytes) {
        out += hex_digits[byte >> 4U];
        out += hex_digits[byte & 15U];
    }
    return out;
}

}  // namespace

std::string sha256_hex(std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw Error{ErrorCode::failure, "OpenSSL cannot compute SHA-256 on this machine"};
    return to_hex({digest.data(), length});
}

std::string make_uuid() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw Error{ErrorCode::failure, "OpenSSL has no randomness on this machine"};
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
    auto hex = to_hex(bytes);
    for (std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
    return hex;
}

}  // namespace groomer
