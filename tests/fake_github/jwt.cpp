#include "fake_github/jwt.hpp"

#include <boost/json/parse.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdint>
#include <memory>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Parts {
    std::string_view header, claims, signature, signed_part;
};

std::optional<Parts> split(std::string_view token) {
    auto const first = token.find('.'), last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.substr(first + 1, last - first - 1).find('.') != std::string_view::npos)
        return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1), token.substr(0, last)};
}

std::optional<json::object> decoded_object(std::string_view part) {
    auto const text = base64url_decoded(part);
    json::error_code error;
    auto value = text ? json::parse(*text, error) : json::value{};
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }

}  // namespace

std::string base64url(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (unsigned char c : text) {
        bits = bits << 8U | c;
        for (count += 8; count >= 6; count -= 6) out += alphabet[bits >> unsigned(count - 6) & 63U];
    }
    if (count) out += alphabet[bits << unsigned(6 - count) & 63U];
    return out;
}

std::optional<std::string> base64url_decoded(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        auto const at = alphabet.find(c);
        if (at == std::string_view::npos) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(at);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> unsigned(count) & 255U);
    }
    return count < 6 ? std::optional{out} : std::nullopt;
}

std::optional<json::object> jwt_claims(std::string_view token) {
    auto const parts = split(token);
    auto const header = parts ? decoded_object(parts->header) : std::nullopt;
    auto const* algorithm = header ? header->if_contains("alg") : nullptr;
    if (!algorithm || *algorithm != "RS256") return std::nullopt;
    return decoded_object(parts->claims);
}

bool jwt_signed_by(std::string_view token, std::string const& public_key) {
    auto const parts = split(token);
    auto const signature = parts ? base64url_decoded(parts->signature) : std::nullopt;
    if (!signature) return false;
    std::unique_ptr<BIO, decltype(&BIO_free)> const pem{BIO_new_mem_buf(public_key.data(), int(public_key.size())), &BIO_free};
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key{PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr),
                                                                  &EVP_PKEY_free};
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const digest{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    if (!key || !digest || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) return false;
    if (EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return false;
    auto const& text = parts->signed_part;
    return EVP_DigestVerify(digest.get(), bytes(*signature), signature->size(), bytes(text), text.size()) == 1;
}

}  // namespace groomer::fake_github
