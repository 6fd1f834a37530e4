#include "net/tls.hpp"

#include "base/error.hpp"
#include "net/failed.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>

namespace groomer::net {
namespace {

constexpr std::size_t record_size = 16UL * 1024;

bool is_address(std::string const& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(std::string const& ca_file) : context_{SSL_CTX_new(TLS_client_method())} {
    if (!context_) throw std::bad_alloc{};
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION);  // amid a request, which would have to be read for
    SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);    // kept connections are idle for most of their time
    ERR_clear_error();
    bool const trusts = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                                        : SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) == 1;
    ERR_clear_error();
    if (!trusts && !ca_file.empty()) throw Error{ErrorCode::config, ca_file + ": cannot be read, or holds no certificate in PEM"};
}

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(TlsContext const& context, std::string_view host)
    : session_{SSL_new(context.context_.get())}, received_{BIO_new(BIO_s_mem())}, output_{BIO_new(BIO_s_mem())} {
    if (!session_ || !received_ || !output_) {
        BIO_free(received_);
        BIO_free(output_);
        throw std::bad_alloc{};
    }
    SSL_set_bio(session_.get(), received_, output_);
    SSL_set_connect_state(session_.get());
    static constexpr std::array<unsigned char, 9> protocol{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_set_alpn_protos(session_.get(), protocol.data(), protocol.size());
    std::string const name{host.ends_with('.') ? host.substr(0, host.size() - 1) : host};
    X509_VERIFY_PARAM* const terms = SSL_get0_param(session_.get());
    X509_VERIFY_PARAM_set_hostflags(terms, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool const set = is_address(name)
                         ? X509_VERIFY_PARAM_set1_ip_asc(terms, name.c_str()) == 1
                         : SSL_set1_host(session_.get(), name.c_str()) == 1 && SSL_set_tlsext_host_name(session_.get(), name.c_str()) == 1;
    // Without this, any valid certificate would do.
    if (!set) throw Failed{Stage::tls, "OpenSSL does not take " + name + " for the name of a host"};
}

TlsSession::Step TlsSession::step_of(int result) {
    if (result > 0) return Step::done;
    int const error = SSL_get_error(session_.get(), result);
    if (error == SSL_ERROR_WANT_READ) return Step::wants_more;
    if (error == SSL_ERROR_ZERO_RETURN) return Step::closed;
    auto const verified = SSL_get_verify_result(session_.get());
    char const* const reason = ERR_reason_error_string(ERR_peek_last_error());
    if (verified != X509_V_OK) why_ = std::string{"its certificate is refused: "} + X509_verify_cert_error_string(verified);
    else why_ = reason ? reason : "TLS failed";
    return Step::failed;
}

TlsSession::Step TlsSession::handshake() {
    ERR_clear_error();
    Step const step = step_of(SSL_do_handshake(session_.get()));
    ERR_clear_error();
    return step;
}

TlsSession::Step TlsSession::read(std::string& into) {
    std::array<char, record_size> bytes;
    ERR_clear_error();
    int const size = SSL_read(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    Step const step = step_of(size);
    ERR_clear_error();
    if (step == Step::done) into.append(bytes.data(), static_cast<std::size_t>(size));
    return step;
}

TlsSession::Step TlsSession::write(std::string_view data) {
    ERR_clear_error();
    Step const step = step_of(SSL_write(session_.get(), data.data(), static_cast<int>(data.size())));
    ERR_clear_error();
    return step;
}

void TlsSession::put_received(std::string_view bytes) {
    if (BIO_write(received_, bytes.data(), static_cast<int>(bytes.size())) != static_cast<int>(bytes.size())) throw std::bad_alloc{};
}

std::string TlsSession::take_output() {
    std::string bytes(BIO_ctrl_pending(output_), '\0');
    if (bytes.empty()) return bytes;
    int const size = BIO_read(output_, bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
}

}  // namespace groomer::net
