// TLS without a socket: bytes of the peer go in, bytes for the peer come out. OpenSSL is spoken to here alone. (Not Asio's ssl::stream:
// it does not tell how many bytes of a request that failed have left, which decides whether a write may have been done.)
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

namespace groomer::net {

// TLS 1.2 or newer, and whom to trust.
class TlsContext {
public:
    // "": the system's roots. Throws Error(config) where the file cannot be read or holds no certificate.
    explicit TlsContext(std::string const& ca_file);

private:
    friend class TlsSession;
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

class TlsSession {
public:
    enum class Step {
        done,
        wants_more,  // of the peer's bytes
        closed,      // by the peer, in due form
        failed,      // why() says how; the session is of no more use
    };

    // The certificate must be for this host: a name, which is also told to the server (SNI), or an address. Throws Failed(tls).
    TlsSession(TlsContext const& context, std::string_view host);

    Step handshake();
    // Appends what there is, at most 16 KiB.
    Step read(std::string& into);
    // At most 16 KiB.
    Step write(std::string_view data);

    void put_received(std::string_view bytes);
    std::string take_output();
    [[nodiscard]] std::string const& why() const { return why_; }

private:
    struct Free {
        void operator()(ssl_st* session) const;
    };

    Step step_of(int result);

    std::unique_ptr<ssl_st, Free> session_;
    bio_st* received_;  // both are the session's
    bio_st* output_;
    std::string why_;
};

}  // namespace groomer::net
