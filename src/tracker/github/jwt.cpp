#include "tracker/github/jwt.hpp"

#include "base/error.hpp"
#include "base/time_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <chrono>
#include <memory>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

template <auto free>
struct Freer {
    template <class T>
    void operator()(T* thing) const {
        free(thing);
    }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

[[noreturn]] void refuse(std::string const& why) {
    ERR_clear_error();  // the next one to ask OpenSSL must not find this
    throw Error{ErrorCode::credentials, "github.app.private_key_file " + why};
}

// Without it OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool holds(std::string_view pem, std::string_view what) { return pem.find(what) != std::string_view::npos; }

Key read_key(std::string_view pem) {
    constexpr std::string_view how = ": download a new private key from the App's settings on GitHub";
    if (pem.find_first_not_of(" \t\r\n") == std::string_view::npos) refuse("is empty" + std::string{how});
    if (holds(pem, "ENCRYPTED")) refuse("is encrypted: decrypt it with `openssl rsa -in KEY -out FILE`");
    if (holds(pem, "BEGIN CERTIFICATE")) refuse("holds a certificate, not a private key" + std::string{how});
    if (holds(pem, "PUBLIC KEY-----")) refuse("holds a public key, not the private one" + std::string{how});
    if (!holds(pem, "PRIVATE KEY-----")) refuse("holds no private key in PEM form (-----BEGIN RSA PRIVATE KEY-----)" + std::string{how});
    Bio const bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    Key key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
    if (!key) refuse("holds a private key that cannot be read, as if it were cut or changed" + std::string{how});
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) refuse("holds a key that is not RSA, which Apps do not have" + std::string{how});
    if (EVP_PKEY_get_bits(key.get()) < 2048) refuse("holds an RSA key of fewer than 2048 bits, which GitHub does not take");
    return key;
}

std::string sign(EVP_PKEY* key, std::string_view text) {
    Context const context{EVP_MD_CTX_new()};
    auto const* bytes = reinterpret_cast<unsigned char const*>(text.data());
    std::size_t length = 0;
    bool good = context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                EVP_DigestSign(context.get(), nullptr, &length, bytes, text.size()) == 1;
    std::string signature(length, '\0');
    good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes, text.size()) == 1;
    if (!good) refuse("holds a key that does not sign");
    signature.resize(length);
    return signature;
}

}  // namespace

std::string base64url(std::string_view data) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    out.reserve((data.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (unsigned char const c : data) {
        bits = (bits << 8U) | c;
        for (count += 8; count >= 6;) out += digits[(bits >> unsigned(count -= 6)) & 63U];
    }
    if (count > 0) out += digits[(bits << unsigned(6 - count)) & 63U];
    return out;
}

std::string make_jwt(std::string_view pem, std::int64_t app_id, WallTime now) {
    namespace json = boost::json;
    auto const key = read_key(pem);
    auto const issued = epoch_seconds(now - 60s);
    auto const header = json::serialize(json::object{{"alg", "RS256"}, {"typ", "JWT"}});
    auto const claims = json::serialize(json::object{{"iat", issued}, {"exp", issued + 9 * 60}, {"iss", std::to_string(app_id)}});
    auto const text = base64url(header) + "." + base64url(claims);
    return text + "." + base64url(sign(key.get(), text));
}

}  // namespace groomer::tracker::github
