// Certificates that tests make for themselves.
#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace groomer::test {

struct FreeKey {
    void operator()(evp_pkey_st* key) const;
};
struct FreeCertificate {
    void operator()(x509_st* certificate) const;
};

struct Certificate {
    std::unique_ptr<evp_pkey_st, FreeKey> key;
    std::unique_ptr<x509_st, FreeCertificate> certificate;
};

// Who signs; its own certificate is in a file, in PEM, as long as it lives.
class CertificateAuthority {
public:
    CertificateAuthority();
    ~CertificateAuthority();
    CertificateAuthority(CertificateAuthority const&) = delete;
    CertificateAuthority& operator=(CertificateAuthority const&) = delete;

    [[nodiscard]] std::string const& file() const { return file_; }
    // names: "DNS:good.test,IP:127.0.0.1". Valid from now for a day, or, expired, until a day ago.
    [[nodiscard]] Certificate issue(std::string const& names, bool expired = false) const;

private:
    Certificate own_;
    std::string file_;
};

}  // namespace groomer::test
