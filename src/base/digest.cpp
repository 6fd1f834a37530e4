#include "base/digest.hpp"

#include "base/error.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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

constexpr std::size_t sha256_bytes = 32;

std::array<unsigned char, sha256_bytes> sha256(std::string_view data) {
    std::array<unsigned char, sha256_bytes> digest{};
    if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw Error{ErrorCode::failure, "OpenSSL cannot compute SHA-256 on this machine"};
    return digest;
}

}  // namespace

std::string sha256_hex(std::string_view data) { return to_hex(sha256(data)); }

std::string sha256_base64(std::string_view data) {
    auto const digest = sha256(data);
    std::array<unsigned char, 4 * ((sha256_bytes + 2) / 3) + 1> text{};
    auto const length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return {text.begin(), text.begin() + length};
}

// Their digests are of one length, so that not even that shows.
bool equal_secrets(std::string_view given, std::string_view secret) {
    auto const one = sha256(given), other = sha256(secret);
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    auto const* bytes = reinterpret_cast<unsigned char const*>(data.data());
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, data.size(), digest.data(), &length))
        throw Error{ErrorCode::failure, "OpenSSL cannot compute HMAC with SHA-256 on this machine"};
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
