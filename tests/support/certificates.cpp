#include "support/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace groomer::test {
namespace {

constexpr long day = 24L * 60 * 60;

void require(bool done) {
    if (!done) throw std::runtime_error{"OpenSSL does not make the certificate"};
}

void add_extension(X509* certificate, X509* issuer, int kind, std::string const& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    require(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// Unsigned, with a key of its own.
Certificate blank(std::string const& name, long from, long until) {
    Certificate made;
    made.key.reset(EVP_EC_gen("P-256"));
    made.certificate.reset(X509_new());
    require(made.key && made.certificate);
    X509* const certificate = made.certificate.get();
    static long serial = 1;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name.c_str()),
                               -1, -1, 0);
    return made;
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
void FreeCertificate::operator()(x509_st* certificate) const { X509_free(certificate); }

CertificateAuthority::CertificateAuthority() : own_{blank("an authority of the tests", -2 * day, day)} {
    X509* const certificate = own_.certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(certificate, own_.key.get(), EVP_sha256()) > 0);
    std::string path = "/tmp/groomer-ca.XXXXXX";
    int const fd = ::mkstemp(path.data());
    require(fd >= 0);
    file_ = path;
    std::FILE* const file = ::fdopen(fd, "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
}

CertificateAuthority::~CertificateAuthority() { ::unlink(file_.c_str()); }

Certificate CertificateAuthority::issue(std::string const& names, bool expired) const {
    Certificate made = blank("a server of the tests", expired ? -2 * day : -60, expired ? -day : day);
    X509_set_issuer_name(made.certificate.get(), X509_get_subject_name(own_.certificate.get()));
    add_extension(made.certificate.get(), own_.certificate.get(), NID_subject_alt_name, names);
    require(X509_sign(made.certificate.get(), own_.key.get(), EVP_sha256()) > 0);
    return made;
}

}  // namespace groomer::test
